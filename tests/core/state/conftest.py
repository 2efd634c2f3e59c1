"""A board for each test of the state that wants one."""

from collections.abc import Iterator

import pytest

from tests.core.state.board import Board


@pytest.fixture
def board() -> Iterator[Board]:
    opened = Board()
    yield opened
    opened.close()
