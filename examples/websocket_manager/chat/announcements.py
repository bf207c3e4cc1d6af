"""Announcements: the same words to every room (an attribute that hides a module, late imports)."""

from chat.realtime import broadcast


async def announce(text: str, server: str = "default") -> int:
    """Tell everybody. Returns how many people received it."""
    from chat.realtime.manager import Message

    return await broadcast(Message("server", text), server)


async def announce_to(room: str, text: str) -> int:
    """Tell one room."""
    from chat.realtime.factory_compat import ConnectionManager, \
        find_manager
    from chat.realtime.unified import Message

    manager: ConnectionManager = find_manager()
    return await manager.send(room, Message("server", text))
