"""The command `python -m chat`: plays a short session and prints what everybody received."""

import asyncio

from chat import announcements, metrics
from chat.bots.greeter import Greeter
from chat.console import run_command
from chat.moderation import Moderator
from chat.presence import Presence
from chat.server import Server


async def session() -> list[str]:
    """Two people talk, a bot greets them, a moderator listens. Returns the lines to print."""
    server = Server()
    lobby = server.room("lobby")
    greeter = Greeter()

    ada = lobby.join("ada")
    await greeter.greet("lobby", "ada")
    grace = lobby.join("grace")
    await greeter.greet("lobby", "grace")
    await lobby.say("ada", "hello, Grace")
    await lobby.say("grace", "hello, Ada")
    await announcements.announce("the server restarts at noon")

    lines = [f"{message.sender:>8} | {message.text}" for message in ada.inbox]
    lines.append(f"grace received {len(grace.inbox)} messages")
    lines.append(Presence(server.manager).summary("lobby"))
    lines.append(run_command("who lobby"))
    lines.append(f"spam is admitted: {await Moderator({'spam'}).admits('buy spam now')}")
    lines.append(metrics.report())
    server.close()
    return lines


if __name__ == "__main__":
    print("\n".join(asyncio.run(session())))
