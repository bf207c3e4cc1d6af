"""The canonical module: the one place from which the program should get its WebSocket manager."""

from chat.realtime._implementation import InMemoryConnectionManager as WebSocketManager
from chat.realtime.types import Connection, ConnectionState, Message

__all__ = [
    "Connection",
    "ConnectionState",
    "Message",
    "WebSocketManager",
    "broadcast",
    "close_managers",
    "connection_count",
    "get_websocket_manager",
]

_managers: dict[str, WebSocketManager] = {}


def get_websocket_manager(name: str = "default") -> WebSocketManager:
    """The manager called `name`: created when it is first asked for, then always the same one."""
    if name not in _managers:
        _managers[name] = WebSocketManager()
    return _managers[name]


def close_managers() -> None:
    """Forget all managers: at shutdown, and between two tests."""
    _managers.clear()


def connection_count(name: str = "default") -> int:
    """How many connections the manager called `name` holds."""
    manager = get_websocket_manager(name)
    return sum(len(manager.members(room)) for room in manager.rooms())


async def broadcast(message: Message, name: str = "default") -> int:
    """Deliver `message` to every room. Returns how many people received it."""
    manager = get_websocket_manager(name)
    return sum([await manager.send(room, message) for room in manager.rooms()])
