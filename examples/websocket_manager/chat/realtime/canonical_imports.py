"""Canonical imports, as an earlier clean-up called them; one of the names is a double."""

from chat.realtime.manager import WebSocketManager as _PlainManager
from chat.realtime.types import Message
from chat.realtime.websocket_manager import get_websocket_manager

__all__ = ["Message", "WebSocketManager", "get_websocket_manager"]


class WebSocketManager(_PlainManager):
    """Has the canonical class's name and drops what contains a forbidden word: not the same."""

    def __init__(self, forbidden: set[str] | None = None) -> None:
        super().__init__()
        self.forbidden = forbidden or set()
        self.dropped: list[Message] = []

    async def send(self, room: str, message: Message) -> int:
        """Deliver `message`, unless it contains a forbidden word."""
        if self.forbidden & set(message.text.lower().split()):
            self.dropped.append(message)
            return 0
        return await super().send(room, message)
