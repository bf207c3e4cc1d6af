"""Compatibility: broadcasting used to be a module; the package hides it behind the function."""

from chat.realtime.websocket_manager import broadcast

__all__ = ["broadcast"]
