"""Greeter, a bot (relative imports over two levels, a module as a name, an import by detour)."""

from chat.rooms import WebSocketManager

from ..realtime import legacy
from ..realtime.factory_compat import ClientConnection
from ..realtime.manager import Message, WebSocketManager as Manager


class Greeter:
    """Welcomes everybody who comes in."""

    def __init__(self, manager: WebSocketManager | None = None) -> None:
        self.manager: Manager = manager or legacy.current_manager()

    def visit(self, room: str) -> ClientConnection:
        """Take a seat in `room`, as any guest would."""
        return self.manager.connect("greeter", room)

    async def greet(self, room: str, user: str) -> int:
        """Welcome `user` to `room`."""
        return await self.manager.send(room, Message("greeter", f"welcome, {user}"))
