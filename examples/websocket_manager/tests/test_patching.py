"""Tests that patch: on the consumer's own namespace, on objects, and on one old path."""

import asyncio
import importlib
from unittest import mock

from chat import announcements, presence
from chat.realtime.factory import WebSocketManager as RealManager
from chat.rooms import Room


class WebSocketManager:
    """A stand-in that bears the canonical name: nobody may take it for the real one."""

    def members(self, room: str) -> list[str]:
        return ["grace", "ada"]


def test_patch_in_the_namespace_of_the_consumer():
    with mock.patch("chat.rooms.get_websocket_manager") as get_manager:
        Room("lobby", "west").join("ada")
    get_manager.assert_called_once_with("west")
    get_manager.return_value.connect.assert_called_once_with("ada", "lobby")


def test_patch_on_the_object_of_a_consumer():
    with mock.patch.object(announcements, "broadcast", mock.AsyncMock(return_value=7)):
        assert asyncio.run(announcements.announce("tea is ready")) == 7


def test_patch_on_the_class_reaches_it_by_every_name():
    with mock.patch.object(RealManager, "members", return_value=["nobody"]):
        assert presence.Presence().online("lobby") == ["nobody"]


def test_patch_of_what_the_implementation_uses():
    with mock.patch("chat.realtime._implementation.monotonic", return_value=42.0):
        assert Room("lobby").join("ada").opened_at == 42.0


def test_a_stand_in_is_not_the_real_manager():
    from chat.realtime.manager import UnifiedWebSocketManager

    stand_in = WebSocketManager()
    assert not isinstance(stand_in, UnifiedWebSocketManager)
    assert presence.Presence(stand_in).online("lobby") == ["ada", "grace"]


def test_bots_of_others_may_still_patch_the_first_address():
    # Bots outside this repository use this path: it stays until they have moved.
    with mock.patch("chat.realtime.manager.get_websocket_manager") as fake:  # unshim: keep (bots)
        address = importlib.import_module("chat.realtime.manager")  # unshim: keep (bots)
        assert address.get_websocket_manager is fake
