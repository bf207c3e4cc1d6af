"""The application on top of the manager."""

import asyncio

from chat import announcements, metrics
from chat.__main__ import session
from chat.bots.greeter import Greeter
from chat.console import run_command
from chat.moderation import Moderator
from chat.presence import Presence
from chat.realtime import WebSocketManager
from chat.realtime.manager import UnifiedWebSocketManager, get_websocket_manager
from chat.server import Server


def test_the_session_runs():
    lines = asyncio.run(session())
    assert lines[0] == " greeter | welcome, ada"
    assert "lobby: ada, grace" in lines


def test_server_and_rooms_share_one_manager():
    server = Server()
    ada = server.room("lobby").join("ada")
    assert Moderator(set()).sees(ada)
    assert server.uses(get_websocket_manager())
    assert server.manager.members("lobby") == ["ada"]
    assert server.reconnect(ada) is not ada
    assert not Moderator(set()).sees(ada)
    server.room("lobby").leave(ada)
    assert server.manager.members("lobby") == ["ada"]


def test_an_announcement_reaches_every_room():
    server = Server()
    ada, grace = server.room("lobby").join("ada"), server.room("library").join("grace")
    assert asyncio.run(announcements.announce("tea is ready")) == 2
    assert asyncio.run(announcements.announce_to("library", "quiet, please")) == 1
    assert [message.text for message in ada.inbox] == ["tea is ready"]
    assert [message.text for message in grace.inbox] == ["tea is ready", "quiet, please"]


def test_only_the_moderated_manager_drops_messages():
    moderator = Moderator({"spam"})
    assert asyncio.run(moderator.admits("good morning"))
    assert not asyncio.run(moderator.admits("buy SPAM now"))
    assert isinstance(moderator.moderated, WebSocketManager)
    assert type(moderator.plain) is UnifiedWebSocketManager


def test_a_greeter_takes_its_own_seat():
    greeter = Greeter(UnifiedWebSocketManager())
    assert greeter.visit("lobby").user == "greeter"
    assert Presence(greeter.manager).online("lobby") == ["greeter"]


def test_the_console_answers():
    Server().room("lobby").join("ada")
    assert run_command("rooms") == "lobby"
    assert run_command("who lobby") == "in lobby: ada"
    assert run_command("about") == "parley/1, 0 rooms"
    assert run_command("drop ada lobby") == "dropped 1"
    assert Presence().summary("lobby") == "lobby: nobody"
    assert run_command("help").startswith("commands:")


def test_metrics_leave_out_what_they_cannot_know():
    assert metrics.report().startswith("rooms: 0")
    assert "heartbeats" not in metrics.report()
