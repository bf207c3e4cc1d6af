"""Factory: some names forwarded, and one function of its own around the canonical one."""

import logging

from chat.realtime import websocket_manager
from chat.realtime.unified import Connection, WebSocketManager
from chat.realtime.websocket_manager import get_websocket_manager as find_websocket_manager

__all__ = ["Connection", "WebSocketManager", "find_websocket_manager", "get_websocket_manager"]

logger = logging.getLogger(__name__)


def get_websocket_manager(name: str = "default") -> WebSocketManager:
    """Like the canonical function, with a line in the log: thin, but another object."""
    logger.debug("manager %r was asked for at the factory", name)
    return websocket_manager.get_websocket_manager(name)
