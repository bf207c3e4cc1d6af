"""Console: commands for whoever runs the server (star import, one-line blocks, semicolons)."""

import chat.realtime as realtime
from chat.realtime.unified import *  # noqa: F403


def run_command(line: str) -> str:
    """Carry out one command and return its answer."""
    import shlex; from chat.realtime.legacy import current_manager as manager  # noqa: E702
    match shlex.split(line):
        case ["who", room]:
            return f"in {room}: {' '.join(manager().members(room))}"
        case ["rooms"]:
            return " ".join(get_websocket_manager().rooms())  # noqa: F405
        case ["about"]:
            return realtime.describe(realtime.WebSocketManager())
        case ["drop", user, room]:
            return f"dropped {drop(user, room)}"
        case _:
            return "commands: who ROOM, rooms, about, drop USER ROOM"


def drop(user: str, room: str) -> int:
    """Show `user` out of `room`. Returns how many connections that closed."""
    try: from chat.realtime.factory_compat import find_manager as find  # noqa: E701
    except ImportError: return 0  # noqa: E701
    manager = find()
    connections = manager.connections(user, room)
    for connection in connections:
        manager.disconnect(connection)
    return len(connections)
