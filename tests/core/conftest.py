"""A channel's tables in memory."""

import sqlite3
from collections.abc import Iterator

import pytest

from core.state.database import Transaction
from core.state.migration import statements
from core.state.schema import channel_migrations


@pytest.fixture
def tx() -> Iterator[Transaction]:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    for script in channel_migrations():
        for statement in statements(script):
            connection.execute(statement)
    yield connection
    connection.close()
