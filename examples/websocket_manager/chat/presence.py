"""Presence: who is where (relative and TYPE_CHECKING imports, string annotations, an old name)."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from . import realtime

if TYPE_CHECKING:
    from .realtime.manager import UnifiedWebSocketManager


class Presence:
    """Answers questions about who is online."""

    def __init__(self, manager: UnifiedWebSocketManager | None = None) -> None:
        self.manager = manager or realtime.get_websocket_manager()

    def online(self, room: str) -> list[str]:
        """Who is in `room`, by name."""
        return sorted(cast("UnifiedWebSocketManager", self.manager).members(room))

    def summary(self, room: str) -> str:
        """A line for the status bar."""
        return f"{room}: {', '.join(self.online(room)) or 'nobody'}"
