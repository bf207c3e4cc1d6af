"""The manager itself, reached through many of its addresses."""

import asyncio

import pytest

import chat.realtime.unified as unified, chat.realtime.manager as manager  # noqa: E401
from chat.realtime import factory_compat, types
from chat.realtime._implementation import InMemoryConnectionManager
from chat.realtime.legacy import ChatSocketManager, current_manager


def test_a_name_always_means_the_same_manager():
    assert unified.get_websocket_manager("a") is factory_compat.find_manager("a")
    assert unified.get_websocket_manager("a") is not current_manager("b")


def test_everybody_in_the_room_receives_a_message():
    async def scene():
        rooms = manager.UnifiedWebSocketManager()
        ada, grace = rooms.connect("ada", "lobby"), rooms.connect("grace", "lobby")
        alan = rooms.connect("alan", "library")
        assert await rooms.send("lobby", types.Message("ada", "hello")) == 2
        assert ada.inbox == grace.inbox == [types.Message("ada", "hello")]
        assert alan.inbox == []

    asyncio.run(scene())


def test_a_closed_connection_receives_nothing():
    from chat.realtime.unified import ConnectionState, Message

    rooms = ChatSocketManager()
    ada = rooms.connect("ada", "lobby")
    rooms.disconnect(ada)
    rooms.disconnect(ada)
    assert ada.state is ConnectionState.CLOSED
    assert rooms.rooms() == []
    with pytest.raises(ConnectionError):
        asyncio.run(ada.send(Message("grace", "hello?")))


def test_members_are_listed_in_order_of_arrival():
    rooms = InMemoryConnectionManager()
    for user in ("grace", "ada"):
        rooms.connect(user, "lobby")
    assert rooms.members("lobby") == ["grace", "ada"]
