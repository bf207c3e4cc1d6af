"""Rooms: people meet here (one import of several names with different origins and comments)."""

from chat.realtime.factory import (
    Connection,  # one person's place in the room
    WebSocketManager,  # also imported from here by the bots
    get_websocket_manager,
)
from chat.realtime.types import Message


class Room:
    """A room in which everybody hears everybody."""

    def __init__(self, title: str, server: str = "default") -> None:
        self.title = title
        self._manager: WebSocketManager = get_websocket_manager(server)

    def join(self, user: str) -> Connection:
        """Let `user` in."""
        return self._manager.connect(user, self.title)

    def leave(self, connection: Connection) -> None:
        """Let the owner of `connection` out."""
        self._manager.disconnect(connection)

    async def say(self, user: str, text: str) -> int:
        """Say `text` to the room. Returns how many heard it."""
        return await self._manager.send(self.title, Message(user, text))
