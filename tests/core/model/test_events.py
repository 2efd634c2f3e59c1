"""Events are the same however the network cuts them."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from core.model.events import EventData

STREAM = (
    b": a comment\n\ndata: one\n\nevent: x\r\ndata:two\r\ndata: more\r\n\r\n\n\n"
    b"id: 7\n\ndata: \xc3\xbc\n\ndata: last"
)
EVENTS = [b"one", b"two\nmore", "ü".encode(), b"last"]


@given(st.lists(st.integers(0, len(STREAM)), max_size=20))
def test_events_do_not_depend_on_how_they_arrive(cuts: list[int]) -> None:
    places = [0, *sorted(cuts), len(STREAM)]
    events = EventData()
    found = [
        data for start, end in itertools.pairwise(places) for data in events.feed(STREAM[start:end])
    ]
    assert [*found, *events.end()] == EVENTS


def test_a_mark_of_the_encoding_is_no_part_of_the_first_line() -> None:
    assert EventData().feed(b"\xef\xbb\xbfdata: one\n\ndata: two\n\n") == [b"one", b"two"]


def test_an_event_is_given_back_as_soon_as_it_is_whole() -> None:
    events = EventData()
    assert events.feed(b"data: one\n") == []
    assert events.feed(b"\nda") == [b"one"]
