"""Compatibility: the factory's names from before it was a factory, two steps from their origin."""

from .factory import Connection as ClientConnection
from .factory import WebSocketManager as ConnectionManager
from .factory import find_websocket_manager as find_manager

__all__ = ["ClientConnection", "ConnectionManager", "find_manager"]
