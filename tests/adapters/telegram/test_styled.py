from hypothesis import given
from hypothesis import strategies as st

from adapters.telegram.markdown import styled
from adapters.telegram.styled import LONGEST, Mark, Styled, split, units
from tests.emulators.telegram.checks import check_entities, check_text, notified

PIECES = st.sampled_from(
    [
        *(
            "**b** ",
            "`c` ",
            "```py\nx = 1\n```\n",
            "\n\n",
            "- a\n  - b\n",
            "> q\n",
            "~~s~~",
            "_i_ ",
        ),
        *(
            "| a | b |\n|--|--|\n| 1 | 2 |\n",
            "👩\u200d👩\u200d👧 ",
            "שלום ",
            "\u200b",
            "@everyone ",
        ),
        *("<b>x</b>", "<div>", "||x||", "[l](https://e.com) ", "[u](tg://user?id=5)", "~~~\n"),
        *("````\n", "&lt;", "\\", "*", "$x$ ", "\0"),
    ]
)


def sendable(part: Styled) -> None:
    """What the server would take; raises what it says otherwise."""
    entities = [
        {"type": one.kind, "offset": one.start, "length": one.length, "url": one.url}
        for one in part.marks
    ]
    check_text(part.text)
    check_entities(part.text, entities)
    assert notified(part.text, entities) == set()


@given(st.lists(PIECES, max_size=60).map("".join))
def test_any_markdown_becomes_something_telegram_takes_and_notifies_nobody(text: str) -> None:
    for part in split(styled(text), 200):
        sendable(part)


@given(st.text(max_size=400), st.integers(5, 60))
def test_nothing_but_blank_lines_is_lost_in_a_split(text: str, longest: int) -> None:
    parts = split(Styled(text=text), longest)
    assert all(units(part.text) <= longest for part in parts)
    assert "".join("".join(part.text.split()) for part in parts) == "".join(text.split())


def test_a_text_is_cut_between_blocks_and_not_inside_code() -> None:
    code = "```py\n" + "x = 1\n\n" * 25 + "```"
    parts = split(styled("Before.\n\n" + "word " * 30 + "\n\n" + code + "\n\nAfter."), 300)
    assert [[mark.kind for mark in part.marks] for part in parts] == [[], ["pre"]]
    assert parts[1].text.startswith("x = 1")


def test_code_that_is_too_long_goes_on_as_code_in_its_language() -> None:
    parts = split(styled("```py\n" + "    x = 1\n" * 100 + "```"), 300)
    assert len(parts) > 3
    assert {(mark.kind, mark.language) for part in parts for mark in part.marks} == {("pre", "py")}
    assert all(part.text.startswith("    x = 1") for part in parts)


def test_length_is_counted_as_telegram_counts() -> None:
    parts = split(Styled(text="🙂" * 5000))
    assert [units(part.text) for part in parts] == [LONGEST, LONGEST, 10_000 - 2 * LONGEST]


def test_an_emoji_of_several_signs_is_not_cut() -> None:
    family = "👩\u200d👩\u200d👧"
    parts = split(Styled(text=family * 20), 50)
    assert all(part.text.replace(family, "") == "" for part in parts)


def test_no_message_has_more_than_a_hundred_marks() -> None:
    parts = split(styled("**a** " * 350))
    assert [len(part.marks) for part in parts] == [100, 100, 100, 50]


def test_html_is_shown_as_it_was_written() -> None:
    assert styled("<div>\nhi <b>you</b>\n</div>\n\n<!-- no -->").text == (
        "<div>\nhi <b>you</b>\n</div>\n\n<!-- no -->"
    )


def test_double_bars_hide_nothing() -> None:
    assert styled("a || b || c") == Styled(text="a || b || c")


def test_tables_and_nested_lists_stay_readable() -> None:
    table = styled("| a | b |\n|---|---|\n| 1 | 22 |")
    assert table.text == "a | b \n--+---\n1 | 22"
    assert [mark.kind for mark in table.marks] == ["pre"]
    assert styled("1. a\n   - b\n2. c").text == "1. a\n  • b\n2. c"


def test_links_stay_and_those_that_notify_go() -> None:
    said = styled("[a](https://e.com/@x) [b](tg://user?id=5) @carol a@b.com `@dave`")
    assert said.text == "a b @\u2060carol a@b.com @dave"
    assert [(mark.kind, mark.url) for mark in said.marks] == [
        ("text_link", "https://e.com/@x"),
        ("code", None),
    ]


def test_joined_texts_keep_their_marks_in_place() -> None:
    joined = Styled(text="🙂") + Styled(text="b", marks=(Mark(kind="bold", start=0, length=1),))
    assert joined.marks == (Mark(kind="bold", start=2, length=1),)


def test_what_nobody_can_see_is_still_a_message() -> None:
    assert styled("\u200b\n ").text == "…"
