import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from adapters.discord.blocks import Block, blocks, code
from adapters.discord.splitting import LIMIT, beginning, packed, shortened, units


def essence(text: str) -> str:
    """What has to survive: everything but blanks, fences and escapes."""
    return re.sub(r"[\s`\\\u200b]", "", text)


@settings(max_examples=60)
@given(st.text(alphabet="ab é👍🏽\u200d\n.-*`", max_size=300), st.integers(30, 90))
def test_nothing_is_lost_and_nothing_is_too_long(text: str, limit: int) -> None:
    # A fence is opened again after a cut, with its language, which is no part of the text.
    text = re.sub("`{3,}", "``", text)
    made = packed([Block(lines=tuple(text.split("\n")))], limit)
    assert all(0 < units(one) <= limit for one in made)
    assert essence("".join(made)) == essence(text)


@settings(max_examples=60)
@given(
    st.lists(st.sampled_from(["```", "```py", "`" * 30, "a", "👍🏽", "\n", " "]), max_size=60),
    st.integers(30, 90),
)
@example(["```" + "a" * 30 + "\n", "b" * 300], 60)
@example(["`" * 30], 30)
@example(["```👍🏽", "b" * 40], 36)
def test_fences_at_any_place_make_nothing_too_long(pieces: list[str], limit: int) -> None:
    made = packed([Block(lines=tuple("".join(pieces).split("\n")))], limit)
    assert all(0 < units(one) <= limit for one in made)


def test_code_in_a_list_with_a_long_language_and_a_long_line_fits() -> None:
    text = "- a\n  ```" + "l" * 20 + "\n  " + "x" * 5000 + "\n  ```"
    made = packed(blocks(text))
    assert all(units(one) <= LIMIT for one in made)
    assert sum(one.count("x") for one in made) == 5000


def test_code_is_closed_at_a_cut_and_opened_again_with_its_language() -> None:
    lines = [f"line {number}" for number in range(600)]
    made = packed([code("\n".join(lines), "py")])
    assert len(made) > 2
    assert all(one.startswith("```py\n") and one.endswith("\n```") for one in made)
    inside = [line for one in made for line in one.split("\n")[1:-1]]
    assert inside == lines


def test_code_inside_of_a_list_is_closed_at_a_cut_too() -> None:
    text = "- a\n  ```py\n" + "\n".join(f"  x{n} = {n}" for n in range(400)) + "\n  ```\n- b"
    made = packed(blocks(text))
    assert len(made) > 1
    assert all(one.count("```") % 2 == 0 for one in made)


@settings(max_examples=60)
@given(st.text(alphabet="ab é👍🏽\n", max_size=300), st.integers(100, 400))
def test_a_beginning_fits_and_goes_into_the_block_that_does_not_fit_whole(
    text: str, limit: int
) -> None:
    blocks = [Block(lines=("before",)), code(text * 5), Block(lines=("after",))]
    begin = beginning(blocks, limit)
    assert units(begin) <= limit
    assert essence("before" + text * 5 + "after").startswith(essence(begin))
    assert begin.count("```") % 2 == 0


def test_a_beginning_of_code_fills_what_is_left_of_the_message() -> None:
    begin = beginning([Block(lines=("a" * 500,)), code("b\n" * 2000)], LIMIT)
    assert units(begin) > LIMIT - 50


def test_texts_are_cut_between_blocks_where_they_can_be() -> None:
    paragraphs = [f"{number} " + "word " * 150 for number in range(6)]
    made = packed(blocks("\n\n".join(paragraphs)))
    assert [one.split(" ")[0] for one in made] == ["0", "2", "4"]


def test_what_is_one_sign_to_people_is_not_cut() -> None:
    family = "👨‍👩‍👧"
    made = packed([Block(lines=(family * 700,))])
    assert all(one.startswith("👨") and one.endswith("👧") for one in made)
    assert "".join(made) == family * 700


def test_a_link_is_not_cut() -> None:
    link = "[a page](http://example.org/path)"
    made = packed([Block(lines=(" ".join([link] * 200),))])
    assert all(one.count("[") == one.count(")") == one.count(link) for one in made)


@pytest.mark.parametrize("text", ["", " \n ", "\n\n"])
def test_nothing_is_no_message(text: str) -> None:
    assert packed(blocks(text)) == []


def test_lengths_are_counted_as_the_strictest_counts_them() -> None:
    assert units("a👍") == 3
    assert units(packed([Block(lines=("👍" * 3000,))])[0]) <= LIMIT


def test_shortened_text_says_that_there_was_more() -> None:
    assert shortened("abc", 3) == "abc"
    assert shortened("abcdef", 4) == "abc…"
    assert units(shortened("👍" * 9, 4)) <= 4


@settings(max_examples=100)
@given(
    st.text(alphabet="ab ", min_size=1, max_size=400),
    st.lists(st.text(alphabet="ab é👍🏽\u200d.-*`", max_size=900), max_size=4),
    st.sampled_from([None, "", "py"]),
    st.integers(150, 600),
)
def test_a_block_that_begins_behind_another_loses_nothing_and_fits(
    before: str, lines: list[str], fence: str | None, limit: int
) -> None:
    text = re.sub("`{3,}", "``", "\n".join(lines))
    block = Block(lines=tuple(text.split("\n")), fence=fence)
    made = packed([Block(lines=(before,)), block], limit)
    assert all(units(one) <= limit for one in made)
    said = re.sub("```(py)?", "", "".join(made))
    assert essence(said) == essence(before + text)


@pytest.mark.parametrize("words", ["word " * 1500, "```py\n" + "x = 1\n" * 900 + "```"])
def test_who_asked_is_not_named_in_a_message_of_its_own(words: str) -> None:
    first, *_ = packed([Block(lines=("<@1> **Job 1**",), tight=True), *blocks(words)])
    assert units(first) > LIMIT / 2
