"""Every test starts without managers."""

from collections.abc import Iterator

import pytest

import chat.realtime.connection_manager


@pytest.fixture(autouse=True)
def no_managers() -> Iterator[None]:
    chat.realtime.connection_manager.close_managers()
    yield
    chat.realtime.connection_manager.close_managers()
