"""How a key differs before and after one commit, as lines for people. Reads only; which keys a
commit touched is for `changes`."""

from collections.abc import Iterable
from typing import NamedTuple

from core.state import files
from core.state.database import Transaction
from core.state.entries import read_entry
from core.state.facts import Space
from core.state.merge import Standing
from core.state.operations import Json, Kind
from core.state.text_diff import diff_lines
from core.state.values import dump, load

LARGEST_SHOWN = 1_000_000  # bytes that are compared: some 10 ms
_ITEMS = 1_000
_TOO_LARGE = "… too large to be compared here"
_TOLD = 60  # characters of a value that stand whole in the line of a receipt


class Sides(NamedTuple):
    """A key before a commit and after it. `root` is the commit whose writes now count or do not:
    the commit itself, or what it undid."""

    entry: int
    space: Space
    key: str
    commit: int
    root: int
    before: Standing
    after: Standing


def difference(
    tx: Transaction, sides: Sides, most: int, largest: int = LARGEST_SHOWN
) -> tuple[str, ...]:
    """At most `most` lines and one more: "-" was, "+" is, " " is in both, "@@" says where, "…" is
    a remark. Empty where nothing differs, and where a receipt's line has said it all."""
    kinds = {sides.before.kind, sides.after.kind} - {None}
    if sides.before == sides.after or kinds == {Kind.COUNTER}:
        return ()
    if sides.space == "file":
        return _of_file(tx, sides, most, largest)
    if kinds == {Kind.VALUE} and _short(sides.before.body) and _short(sides.after.body):
        return ()
    if kinds == {Kind.SET}:
        return _of_items(_elements(tx, sides), most)
    if kinds == {Kind.LOG}:
        return _of_items(_lines(tx, sides), most)
    return _of_values(tx, sides, most, largest)


def _short(body: str | None) -> bool:
    """Whether a receipt shows this value whole."""
    return body is None or (len(body) <= _TOLD and body[0] not in "[{")


def _of_file(tx: Transaction, sides: Sides, most: int, largest: int) -> tuple[str, ...]:
    found = [files.find_file(tx, sides.key, sides.commit - before) for before in (1, 0)]
    if any(file is not None and file.size > largest for file in found):
        return (_TOO_LARGE,)
    old, new = (b"".join(files.read_pieces(tx, file)) if file else b"" for file in found)
    if old == new:
        return ()
    if b"\0" in old or b"\0" in new:
        return ("… not a text, so there is nothing to read",)
    return diff_lines(old, new, most=most)


def _of_values(tx: Transaction, sides: Sides, most: int, largest: int) -> tuple[str, ...]:
    entries = [read_entry(tx, sides.key, sides.commit - before, _ITEMS) for before in (1, 0)]
    old, new = (_text(entry.value) if entry else "" for entry in entries)
    if max(len(old), len(new)) > largest:
        return (_TOO_LARGE,)
    if any(entry and isinstance(entry.value, str) and "\n" in entry.value for entry in entries):
        return diff_lines(_bytes(old), _bytes(new), most=most)
    return _without_places(old, new, most)


def _of_items(rows: Iterable[tuple[int, str]], most: int) -> tuple[str, ...]:
    """Lines for items (as JSON) that came, marked with 1, or went."""
    sides: tuple[list[Json], list[Json]] = ([], [])
    for came, item in rows:
        sides[came].append(load(item))
    return _without_places(_text(sides[0]), _text(sides[1]), most)


def _text(value: Json) -> str:
    """A value as lines: a text's own, a record's fields, a list's elements."""
    match value:
        case str() if "\n" in value:
            return value if value.endswith("\n") else f"{value}\n"
        case dict():
            lines = [f"{name}: {dump(field)}" for name, field in sorted(value.items())]
        case list():
            lines = [item if isinstance(item, str) else dump(item) for item in value]
        case _:
            lines = [dump(value)]
    return "".join(f"{line.replace(chr(10), '␤')}\n" for line in lines)


def _without_places(old: str, new: str, most: int) -> tuple[str, ...]:
    """The difference of texts of which each line says itself where it belongs."""
    found = diff_lines(_bytes(old), _bytes(new), context=0, most=most + 1)
    if found and not any(line.startswith("@@") for line in found[1:]):
        return found[1:]
    found = diff_lines(_bytes(old), _bytes(new), context=0, most=2 * most)
    lines = [line for line in found if not line.startswith("@@")]
    return tuple(lines) if len(lines) <= most + 1 else (*lines[:most], "… and more")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace")


def _elements(tx: Transaction, sides: Sides) -> Iterable[tuple[int, str]]:
    """Elements that came into a set or went out of it."""
    return tx.execute(
        "SELECT max(added <= :now AND (removed IS NULL OR removed > :now)) AS is_in, element"
        " FROM stamps WHERE entry = :entry GROUP BY element"
        " HAVING is_in != max(added < :now AND (removed IS NULL OR removed >= :now))"
        " ORDER BY element LIMIT :most",
        {"now": sides.commit, "entry": sides.entry, "most": _ITEMS},
    )


def _lines(tx: Transaction, sides: Sides) -> Iterable[tuple[int, str]]:
    """Lines that came into a log or went out of it, in their order.

    Where the log was there before and after, they are those of one commit, which has its place:
    a log may have a million others.
    """
    stays = sides.before.born == sides.after.born
    place = (
        " AND (l.order_base, l.order_rank) ="
        " (SELECT order_base, order_rank FROM commits WHERE number = :root)"
    )
    return tx.execute(
        "SELECT l.added = :now, o.argument FROM lines AS l"  # noqa: S608 - constants
        " JOIN operations AS o ON o.id = l.operation WHERE l.entry = :entry"
        f" AND (l.added = :now) != (l.removed IS :now){place if stays else ''}"
        " ORDER BY l.order_base, l.order_rank, l.operation LIMIT :most",
        {"now": sides.commit, "entry": sides.entry, "root": sides.root, "most": _ITEMS},
    )
