"""What taking a version in a conflict would change, as lines for people. Takes nothing."""

import json

from core.state.conflicts import Place
from core.state.database import Transaction
from core.state.facts import head, read_lost, standing_at
from core.state.operations import Json, Kind
from core.state.record import plain, wishes
from core.state.standing import Standing
from core.state.taking import both, sides_of, taken_content
from core.state.text_diff import diff_lines
from core.state.values import load
from core.state.write import Write

MOST_LINES = 30


def preview(tx: Transaction, place: Place, lost: Write) -> tuple[str, ...]:
    """The difference between what stands and what would: "-" stands now, "+" would, "@@" says
    where. Empty where a few words say it all."""
    now = standing_at(tx, place.entry, head(tx))
    if lost.kind in (Kind.TEXT, Kind.FILE):
        found = sides_of(tx, place, now, lost)
        old = b"" if found is None else found[1]
        return diff_lines(old, taken_content(tx, place, now, lost), most=MOST_LINES)
    old_value, new_value = _value(now), _wanted(now, lost)
    if not (_is_long(old_value) or _is_long(new_value)):
        return ()
    found_lines = diff_lines(_lines(old_value), _lines(new_value), context=1, most=MOST_LINES)
    return tuple(line for line in found_lines if not line.startswith(("@@", "\\")))


def both_can_stand(tx: Transaction, place: Place, commit: int) -> bool:
    """Whether both sides of a text can stand below each other where they overlap."""
    lost = read_lost(tx, place.entry, commit)
    return lost.kind in (Kind.TEXT, Kind.FILE) and both(tx, place, lost) is not None


def _value(now: Standing) -> Json:
    match now.kind:
        case Kind.VALUE:
            return load(now.body or "null")
        case Kind.RECORD:
            return plain(now.body)
        case _:
            return None


def _wanted(now: Standing, lost: Write) -> Json:
    match lost.kind:
        case Kind.VALUE:
            return load(lost.value or "null")
        case Kind.RECORD:
            fields = {} if lost.clears else dict(plain(now.body) if now.kind is lost.kind else {})
            for name, wish in wishes(lost).items():
                fields[name] = None if wish.text is None else load(wish.text)
            return {name: value for name, value in fields.items() if value is not None}
        case _:
            return None


def _is_long(value: Json) -> bool:
    return isinstance(value, list | dict) or (isinstance(value, str) and "\n" in value)


def _lines(value: Json) -> bytes:
    match value:
        case None:
            lines: list[str] = []
        case dict():
            lines = [f"{name}: {_json(field)}" for name, field in sorted(value.items())]
        case list():
            lines = [_json(item) for item in value]
        case str():
            lines = value.splitlines()
        case _:
            lines = [_json(value)]
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "replace")


def _json(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False)
