from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.slack.rich import written

JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["type", "elements", "text", "style"]), inner, max_size=4)
    ),
    max_leaves=20,
)


def text(words: str) -> dict[str, Any]:
    return {"type": "text", "text": words}


def rich(*parts: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"type": "rich_text", "block_id": "b", "elements": list(parts)}]


def line(*words: dict[str, Any], kind: str = "rich_text_section") -> dict[str, Any]:
    return {"type": kind, "elements": list(words)}


def test_words_people_links_and_emoji_are_written_in_slacks_markup() -> None:
    said = line(
        {"type": "user", "user_id": "U0BOT"}, text(" is 1 < 2 & "),
        {"type": "link", "url": "https://a.b", "text": "that"}, text(" in "),
        {"type": "channel", "channel_id": "C0GEN"}, {"type": "emoji", "name": "eyes"},
        {"type": "broadcast", "range": "here"}, {"type": "usergroup", "usergroup_id": "S1"},
        {"type": "of tomorrow", "text": "?"},
    )  # fmt: skip
    assert written(rich(said)) == (
        "<@U0BOT> is 1 &lt; 2 &amp; <https://a.b|that> in <#C0GEN>:eyes:<!here><!subteam^S1>?"
    )


def test_lists_quotes_and_code_keep_their_form() -> None:
    items = {
        "type": "rich_text_list", "style": "ordered", "elements": [line(text("a")), line(text("b"))]
    }  # fmt: skip
    quote = line(text("x\ny"), kind="rich_text_quote")
    code = line(text("make"), kind="rich_text_preformatted")
    assert written(rich(items, quote, code)) == "1. a\n2. b\n> x\n> y\n```\nmake\n```"


def test_other_blocks_say_their_text() -> None:
    section = {"type": "section", "text": {"type": "mrkdwn", "text": "hello"}}
    assert written([section, {"type": "markdown", "text": "there"}, {"type": "divider"}]) == (
        "hello\nthere"
    )


@pytest.mark.parametrize("blocks", [None, "x", 5, {}, [], [None], [{"type": "rich_text"}]])
def test_where_there_are_no_words_nothing_is_written(blocks: object) -> None:
    assert written(blocks) == ""


@given(JSON)
def test_nothing_that_comes_breaks_it(blocks: object) -> None:
    assert isinstance(written([{"type": "rich_text", "elements": blocks}, blocks]), str)
    assert isinstance(written(blocks), str)


def test_lists_in_lists_without_end_have_one() -> None:
    deep: dict[str, Any] = line(text("down"))
    for _ in range(200):
        deep = {"type": "rich_text_list", "elements": [deep]}
    assert "down" not in written(rich(deep))
