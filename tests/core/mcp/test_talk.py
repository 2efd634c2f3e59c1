import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.mcp.server import Listing, Server, Tool
from core.mcp.talk import Ended, Has, Ready, Said, Unheard, Word, asking, heard, opening, telling

WORDS: list[Word] = [
    Ready(),
    Ended(why="it has ended"),
    Said(id=3, text="ä\n", failed=True),
    Has(
        id=4,
        listing=Listing(
            tools=(Tool(name="a", description="b", schema={"type": "object"}),),
            count=2,
            left=("c",),
        ),
    ),
]


@pytest.mark.parametrize("word", WORDS, ids=lambda word: type(word).__name__)
def test_what_is_told_is_heard(word: Word) -> None:
    line = telling(word)
    assert line.count(b"\n") == 1
    assert heard(line) == word


@given(st.binary() | st.sampled_from([b"[]", b"3", b'{"kind":"Said"}', b'{"kind":"Has","id":1}']))
def test_nothing_else_is_heard(line: bytes) -> None:
    with pytest.raises(Unheard):
        heard(line)


def test_the_process_is_told_all_it_needs_on_one_line() -> None:
    server = Server(name="a", tools=("*",), command=("x", "y\nz"), environment={"A": "b"})
    told = opening(server, {})
    assert told.count(b"\n") == 1
    assert json.loads(told)["command"] == ["x", "y\nz"]
    assert json.loads(asking(7, "list")) == {"id": 7, "do": "list"}
