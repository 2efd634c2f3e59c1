import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.slack.markdown import Fence, Table, Text, aligned, blocks, cost, cut

ODD = st.text(st.sampled_from('ab `~|-\n>*#😀\u200d\u0301\u202e"\\'), max_size=400)


def test_paragraphs_lists_fences_and_tables_are_told_apart() -> None:
    text = (
        "# Title\n\nSome words\nmore words\n\n- one\n\n  still one\n- two\n\n"
        "```python\ndef f():\n\n    return 1\n```\nafter\n\n"
        "| a | b |\n|---|:-:|\n| 1 | x\\|y |\nend"
    )
    assert list(blocks(text)) == [
        Text(text="# Title"),
        Text(text="Some words\nmore words"),
        Text(text="- one\n\n  still one\n- two"),
        Fence(opens="```python", closes="```", lines=("def f():", "", "    return 1")),
        Text(text="after"),
        Table(rows=(("a", "b"), ("1", "x|y"))),
        Text(text="end"),
    ]


def test_a_fence_within_a_longer_fence_does_not_end_it() -> None:
    [fence] = blocks("````md\n```\ninner\n```\n````")
    assert fence == Fence(opens="````md", closes="````", lines=("```", "inner", "```"))


def test_a_fence_that_nobody_closed_is_closed() -> None:
    [fence] = blocks("~~~\nopen\nend")
    assert isinstance(fence, Fence)
    assert fence.text == "~~~\nopen\nend\n~~~"


def test_images_become_links_so_that_nothing_is_loaded() -> None:
    assert list(blocks("![a cat](https://x.y/cat.png)")) == [
        Text(text="[a cat](https://x.y/cat.png)")
    ]


def test_a_cut_fence_is_closed_and_opened_again() -> None:
    lines = tuple(f"line {n}" for n in range(200))
    pieces = list(cut(Fence(opens="```py", closes="```", lines=lines), 300))
    assert len(pieces) > 3
    assert all(isinstance(one, Fence) and one.text.startswith("```py\n") for one in pieces)
    assert all(isinstance(one, Fence) and one.text.endswith("\n```") for one in pieces)
    assert all(isinstance(one, Fence) and cost(one.text) <= 300 for one in pieces)
    assert sum((one.lines for one in pieces if isinstance(one, Fence)), ()) == lines


def test_a_long_line_is_cut_between_words() -> None:
    pieces = [one.text for one in cut(Text(text="word " * 400), 500) if isinstance(one, Text)]
    assert all(piece.endswith(" ") for piece in pieces)
    assert "".join(pieces) == "word " * 400


def test_no_emoji_is_cut_in_two() -> None:
    family = "👨‍👩‍👧‍👦"
    pieces = [one.text for one in cut(Text(text=family * 1_000), 500) if isinstance(one, Text)]
    assert all(piece.count("👦") * family == piece for piece in pieces)


@given(ODD, st.integers(60, 300))
def test_pieces_fit(text: str, room: int) -> None:
    for block in blocks(text):
        for piece in cut(block, room):
            # A fence around many empty lines may cost a little more than its lines.
            assert isinstance(piece, Table) or cost(piece.text) <= 2 * room


@given(st.text(st.sampled_from("ab \n*#-😀\u200d\u202e"), max_size=600), st.integers(60, 300))
def test_pieces_lose_nothing(text: str, room: int) -> None:
    pieces = [piece for block in blocks(text) for piece in cut(block, room)]
    kept = "".join(piece.text for piece in pieces if isinstance(piece, Text))
    assert "".join(kept.split()) == "".join(text.split())


def test_a_table_as_code_stands_in_columns_whatever_is_in_it() -> None:
    table = Table(rows=(("name", "n"), ("日本", "1"), ("```", "22")))
    fence = aligned(table)
    assert fence.opens == "````"
    assert fence.lines == ("name  n", "----  --", "日本  1", "```   22")


@pytest.mark.parametrize(
    "text",
    [
        "|" * 50_000,
        "`" * 100_000,
        "|\n" * 50_000,
        "> " * 50_000,
        "\n".join(["| a |"] * 20_000),
        "- \n" * 40_000,
        "x" * 100_000,
    ],
)
def test_monstrous_texts_take_no_time(text: str) -> None:
    begun = time.thread_time()
    for block in blocks(text):
        list(cut(block, 9_000))
    assert time.thread_time() - begun < 2.0
