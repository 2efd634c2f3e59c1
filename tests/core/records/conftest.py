"""A channel's tables in memory."""

import sqlite3
from collections.abc import Iterator

import pytest

from core.messages import ChannelRef, ThreadRef
from core.state.database import Transaction, statements
from core.state.schema import channel_migrations

CHANNEL = ChannelRef(platform="web", workspace="local", channel="general")
THREAD = ThreadRef(channel=CHANNEL, thread="t1")


@pytest.fixture
def tx() -> Iterator[Transaction]:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    for script in channel_migrations():
        for statement in statements(script):
            connection.execute(statement)
    yield connection
    connection.close()
