"""The manager's implementation. The rest of the program knows it by its canonical name."""

from time import monotonic

from chat.realtime.types import Connection, ConnectionState, Message


class InMemoryConnectionManager:
    """Knows who is connected to which room, and delivers messages to them."""

    def __init__(self) -> None:
        self._rooms: dict[str, list[Connection]] = {}

    def connect(self, user: str, room: str) -> Connection:
        """Open a connection for `user` in `room`."""
        connection = Connection(user, room, opened_at=monotonic())
        self._rooms.setdefault(room, []).append(connection)
        return connection

    def disconnect(self, connection: Connection) -> None:
        """Close `connection`. Closing it twice is allowed."""
        connection.state = ConnectionState.CLOSED
        connections = self._rooms.get(connection.room, [])
        if connection in connections:
            connections.remove(connection)

    def rooms(self) -> list[str]:
        """The rooms with somebody in them, by name."""
        return sorted(room for room, connections in self._rooms.items() if connections)

    def members(self, room: str) -> list[str]:
        """Who is in `room`, in order of arrival."""
        return [connection.user for connection in self._rooms.get(room, [])]

    def connections(self, user: str, room: str) -> list[Connection]:
        """The connections of `user` in `room`: one for each browser window."""
        return [one for one in self._rooms.get(room, []) if one.user == user]

    async def send(self, room: str, message: Message) -> int:
        """Deliver `message` to everybody in `room`. Returns how many received it."""
        connections = list(self._rooms.get(room, []))
        for connection in connections:
            await connection.send(message)
        return len(connections)
