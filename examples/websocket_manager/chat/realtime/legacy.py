"""Compatibility: names from before version 1, looked up when somebody asks for one (PEP 562)."""

from importlib import import_module

_NEW_NAMES = {
    "ChatSocketManager": ("chat.realtime.websocket_manager", "WebSocketManager"),
    "current_manager": ("chat.realtime.websocket_manager", "get_websocket_manager"),
}


def __getattr__(name: str) -> object:
    if name in _NEW_NAMES:
        module, new_name = _NEW_NAMES[name]
        return getattr(import_module(module), new_name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
