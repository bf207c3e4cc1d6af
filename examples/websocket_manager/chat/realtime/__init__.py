"""Realtime: everything that keeps browsers connected, and a shop window of re-exports."""

from typing import TYPE_CHECKING

from .broadcast import broadcast
from .manager import WebSocketManager
from .unified import Connection, get_websocket_manager

if TYPE_CHECKING:
    from .factory_compat import ConnectionManager

PROTOCOL = "parley/1"

__all__ = [
    "PROTOCOL",
    "Connection",
    "WebSocketManager",
    "broadcast",
    "describe",
    "get_websocket_manager",
]


def describe(manager: "ConnectionManager") -> str:
    """One line about a manager, for logs."""
    return f"{PROTOCOL}, {len(manager.rooms())} rooms"
