"""Compatibility: the address from the time when two managers were unified."""

from chat.realtime.websocket_manager import *  # noqa: F403
