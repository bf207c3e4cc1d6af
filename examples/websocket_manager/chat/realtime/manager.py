"""Compatibility: the manager's first address. It forwards, and warns whoever still asks here."""

import warnings

from chat.realtime.websocket_manager import (
    Connection,
    Message,
    WebSocketManager,
    get_websocket_manager,
)

try:
    from chat.realtime.websocket_manager import broadcast
except ImportError:
    broadcast = None

UnifiedWebSocketManager = WebSocketManager

__all__ = [
    "Connection",
    "Message",
    "UnifiedWebSocketManager",
    "WebSocketManager",
    "broadcast",
    "get_websocket_manager",
]

warnings.warn(
    "this module has moved: import from websocket_manager, which stands beside it",
    DeprecationWarning,
    stacklevel=2,
)
