"""Types that travel between the server and its rooms: their home is here."""

from dataclasses import dataclass, field
from enum import Enum


class ConnectionState(Enum):
    """A connection is open until somebody closes it, and never opens again."""

    OPEN = "open"
    CLOSED = "closed"


@dataclass(frozen=True)
class Message:
    """A line of text that somebody said in a room."""

    sender: str
    text: str


@dataclass(eq=False)
class Connection:
    """One person's place in one room. A real server would hold the socket here."""

    user: str
    room: str
    opened_at: float = 0.0
    state: ConnectionState = ConnectionState.OPEN
    inbox: list[Message] = field(default_factory=list)

    async def send(self, message: Message) -> None:
        """Deliver `message`, or raise ConnectionError if the connection is closed."""
        if self.state is ConnectionState.CLOSED:
            raise ConnectionError(f"{self.user} has left {self.room}")
        self.inbox.append(message)
