"""Server: owns the manager and the rooms (`import a.b.c`, `as`, and two in one statement)."""

import logging, chat.realtime.connection_manager as connections  # noqa: E401

import chat.realtime.manager
from chat.realtime import PROTOCOL, Connection
from chat.rooms import Room

logger = logging.getLogger(__name__)


class Server:
    """A chat server with any number of rooms."""

    manager: chat.realtime.manager.UnifiedWebSocketManager

    def __init__(self, name: str = "default") -> None:
        self.name = name
        self.manager = chat.realtime.manager.get_websocket_manager(name)
        self._rooms: dict[str, Room] = {}
        logger.info("%s serves %s", name, PROTOCOL)

    def room(self, title: str) -> Room:
        """The room called `title`, opened if need be."""
        return self._rooms.setdefault(title, Room(title, self.name))

    def reconnect(self, connection: Connection) -> Connection:
        """A fresh connection in the place of one that was lost."""
        self.manager.disconnect(connection)
        return self.manager.connect(connection.user, connection.room)

    def uses(self, manager: object) -> bool:
        """Whether `manager` is this server's, and no stand-in."""
        known = isinstance(manager, chat.realtime.manager.WebSocketManager)
        return known and manager is self.manager

    def close(self) -> None:
        """Shut down: nobody is connected afterwards."""
        self._rooms.clear()
        connections.close_managers()
