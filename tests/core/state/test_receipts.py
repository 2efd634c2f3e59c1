import pytest

from core.state.merge import NOTHING, Standing
from core.state.operations import Kind
from core.state.receipts import (
    MOST_LINES,
    ReceiptLine,
    bounded,
    counted,
    dump,
    folded,
    shown,
    undump,
    wish,
)
from core.state.write import Item, compose


def wished(*items: tuple[str, str | None]) -> str:
    rows = [Item(number, op, text) for number, (op, text) in enumerate(items)]
    return wish(compose("k", rows, commit=1, base=0, order=(0, 1), person=False))


@pytest.mark.parametrize(
    ("items", "words"),
    [
        ((("put", '"b"'),), '"b"'),
        ((("add", "2"), ("add", "-1")), "+ 2 \N{MINUS SIGN} 1"),
        ((("append", '"x"'),), "+1 line"),
        ((("include", '"a"'), ("exclude", '"b"')), '+"a" \N{MINUS SIGN}"b"'),
        ((("delete", None),), "it deleted"),
        ((("delete", None), ("append", '"x"')), "to start anew with +1 line"),
        ((("settle", None),), "it as it is"),
    ],
)
def test_a_wish_is_told_in_a_few_words(items: tuple[tuple[str, str]], words: str) -> None:
    assert wished(*items) == words


def test_what_stands_is_told_by_its_kind() -> None:
    assert shown(NOTHING) == "absent"
    assert shown(Standing(kind=Kind.LOG, body="1200")) == "1,200 lines"
    assert shown(Standing(kind=Kind.SET, body="1")) == "1 element"
    facts = '{"sha256":"","size":%d,"executable":%s}'
    for size, bit, words in (
        (999, "false", "999 bytes"),
        (1500, "true", "1.5 kB, executable"),
        (2_000_000, "false", "2.0 MB"),
    ):
        assert shown(Standing(kind=Kind.FILE, body=facts % (size, bit))) == words
    assert len(shown(Standing(kind=Kind.VALUE, body='"' + "x" * 999 + '"'))) == 60


def test_an_undo_is_told_by_what_it_leaves() -> None:
    one, two = (Standing(kind=Kind.VALUE, body=body) for body in ("1", "2"))
    assert folded("k", one, two, None).text == "`k` 1 → 2"
    assert folded("k", one, NOTHING, None).text == "`k` is gone"
    assert folded("k", NOTHING, one, None).text == "`k` = 1"
    old, new = (Standing(kind=Kind.TEXT, body=f'"{word}\\nb\\n"') for word in ("a", "c"))
    assert folded("k", old, new, None).text == "`k` changed, 2 lines"
    assert folded("k", one, one, 7) == ReceiptLine(
        key="k", text="`k` stays 1: conflict #7", conflict=7
    )


def test_too_many_lines_become_a_number_and_conflicts_stay() -> None:
    lines = [ReceiptLine(key=str(n), text=str(n)) for n in range(MOST_LINES)]
    asking = ReceiptLine(key="k", text="k", conflict=1)
    assert bounded(lines) == tuple(lines)
    kept = bounded([*lines, asking])
    assert (len(kept), kept[0], kept[-1].text) == (MOST_LINES, asking, "and 2 keys more")


def test_lines_are_kept_as_they_are() -> None:
    lines = (ReceiptLine(key="k", text="é →", conflict=1, take=2), ReceiptLine(key="", text=""))
    assert undump(dump(lines)) == lines


def test_one_is_singular() -> None:
    assert [counted(n, "line") for n in (0, 1, 2000)] == ["0 lines", "1 line", "2,000 lines"]
