import json
import time
from dataclasses import replace
from typing import Any

import pytest

from adapters.web import encode
from core.messages import CardMoved, Post, PostKind, Seen, StateMoved, StreamText, Trouble
from core.messages.views import (
    EntryLine,
    FileView,
    JobView,
    MessageLine,
    Messages,
    StateView,
    StepLine,
)
from tests.adapters.web.fake_core import ANNA, card, thread


def post(text: str) -> Post:
    return Post(id="p1", thread=thread("t"), kind=PostKind.RESULT, text=text, at=1.0, mention=ANNA)


def line(seq: int, text: str) -> MessageLine:
    return MessageLine(
        seq=seq, id=f"m{seq}", thread=thread(), author_id="a", author="A", text=text, at=1.0
    )


def read(frame: str) -> Any:
    return json.loads(frame)


def test_a_post_goes_out_as_html_with_its_place_and_without_its_markdown() -> None:
    sent = read(encode.item(post("**hi**"), {"**hi**": "<b>hi</b>"}))
    assert sent["type"] == "post"
    assert sent["post"]["html"] == "<b>hi</b>"
    assert "text" not in sent["post"]
    assert (sent["post"]["channel"], sent["post"]["thread"]) == ("general", "t")
    assert sent["post"]["kind"] == "result"
    assert sent["post"]["mention"] == {"id": "local:anna", "name": "Anna"}


def test_a_durable_card_and_a_hint_of_one_are_told_apart() -> None:
    assert read(encode.item(card(3)))["durable"] is True
    hint = read(encode.hint(CardMoved(card=card(3))))
    assert (hint["type"], hint["durable"], hint["card"]["job"]) == ("card", False, 3)


def test_hints_say_where_they_belong() -> None:
    seen = read(encode.hint(Seen(thread=thread("t"), message_id="m")))
    assert seen == {"type": "seen", "channel": "general", "thread": "t", "message_id": "m"}
    moved = read(encode.hint(StateMoved(channel=thread().channel, commit=4)))
    assert moved == {"type": "state", "channel": "general", "commit": 4}
    trouble = read(encode.hint(Trouble(thread=thread(), text="disk full")))
    assert (trouble["type"], trouble["text"]) == ("trouble", "disk full")
    stream = StreamText(thread=thread(), post_id="p", text="a", reply_to="m")
    sent = read(encode.hint(stream, {"a": "<p>a</p>"}))
    assert (sent["post_id"], sent["html"], sent["text"]) == ("p", "<p>a</p>", None)


def test_a_page_of_messages_is_cut_so_that_the_rest_can_be_asked_for() -> None:
    lines = tuple(line(seq, "x" * 100_000) for seq in range(1, 11))
    oldest, left_out = encode.fitting(Messages(lines=lines, newest=10))
    newest, _ = encode.fitting(Messages(lines=lines, newest=10), newest=True)
    assert isinstance(oldest, Messages)
    assert isinstance(newest, Messages)
    assert [one.seq for one in oldest.lines] == [1, 2, 3]
    assert [one.seq for one in newest.lines] == [8, 9, 10]
    assert left_out == 7


def test_one_message_always_fits_or_reading_would_never_get_past_it() -> None:
    for newest in (True, False):
        view, _ = encode.fitting(
            Messages(lines=(line(1, "x" * 9_000_000),), newest=1), newest=newest
        )
        assert isinstance(view, Messages)
        assert len(view.lines) == 1
        assert len(encode.view(1, view, {})) < 200_000


def test_a_long_transcript_keeps_its_newest_steps() -> None:
    steps = tuple(
        StepLine(number=n, kind="tool", title="t", detail="d" * 9_000, at=1.0, seconds=None)
        for n in range(1_000)
    )
    job = JobView(card=card(), brief="b", outcome="", result="r", base_commit=1, steps=steps)
    view, left_out = encode.fitting(job)
    sent = read(encode.view(2, view, {"r": "<p>r</p>"}, left_out))["view"]
    assert sent["left_out"] == 700
    assert sent["steps"][-1]["number"] == 999
    assert len(sent["steps"][0]["detail"]) < 4_100
    assert sent["html"] == "<p>r</p>"


def test_a_large_state_is_cut_and_says_so() -> None:
    entry = EntryLine(key="k", kind="value", value="v" * 50_000, commit=1, author="A", at=1.0)
    entries = tuple(replace(entry, key=f"k{n}") for n in range(2_000))
    view, left_out = encode.fitting(StateView(commit=9, entries=entries, files=()))
    assert left_out == 1_500
    assert isinstance(view, StateView)
    assert len(view.entries[0].value) < 2_100


def test_the_bytes_of_a_file_never_go_through_the_socket() -> None:
    with pytest.raises(TypeError, match="bytes does not go to the page"):
        encode.view(1, FileView(path="a", content=b"x", commit=1), {})


def test_what_is_shown_of_a_card_holds_the_loop_for_less_than_a_millisecond() -> None:
    moved = CardMoved(card=card())
    encode.hint(moved)
    began = time.thread_time()
    for _ in range(100):
        encode.hint(moved)
    assert (time.thread_time() - began) / 100 < 0.001
