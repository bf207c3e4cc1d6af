"""Moderation: keeps words out of rooms (a divergent double among aliases, a class-body import)."""

from chat.realtime.canonical_imports import (
    Message,
    WebSocketManager,  # the one that drops messages
    get_websocket_manager,  # for the rooms without moderation
)


class Moderator:
    """Moderates a manager of its own; plain rooms stay with the plain manager."""

    from chat.realtime.unified import ConnectionState as State

    def __init__(self, forbidden: set[str]) -> None:
        self.moderated = WebSocketManager(forbidden)
        self.plain = get_websocket_manager()

    def sees(self, connection: object) -> bool:
        """Whether `connection` is open: only what arrives can be moderated."""
        return getattr(connection, "state", None) is self.State.OPEN

    async def admits(self, text: str) -> bool:
        """Whether `text` may be said: a visitor tries it out in a moderated room."""
        visitor = self.moderated.connect("visitor", "trial")
        heard = await self.moderated.send("trial", Message("visitor", text))
        self.moderated.disconnect(visitor)
        return heard > 0
