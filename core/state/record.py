"""Records: fields that merge one by one, each as a key of its own would. Pure; decides by merge's
functions, which are given."""

import json
from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

from core.state.operations import Json, Kind
from core.state.standing import NOTHING, Standing
from core.state.values import dump, is_number, load, minus, number, plus, same
from core.state.write import Item, Write

Record = Mapping[str, Standing]
"""A record's fields by name, also those that were deleted: when is still to be known."""

# json.dumps makes one for each call that is not plain.
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_IN_PARTS = frozenset({Kind.COUNTER, Kind.SET, Kind.LOG})


def read(body: str | None) -> dict[str, Standing]:
    """The fields of a version's body."""
    if body is None:
        return {}
    return {name: _standing(row) for name, row in json.loads(body).items()}


def written(fields: Record) -> str:
    """The body of a version with these fields, always the same for the same ones."""
    rows = {
        name: [now.kind, now.body, now.changed, now.born, now.cleared, now.person, *now.order,
               now.saw]
        for name, now in sorted(fields.items())
    }  # fmt: skip
    return _compact(rows)


def plain(body: str | None) -> dict[str, Json]:
    """The record as people and models see it: its fields with their values."""
    found = read(body).items()
    return {name: value_of(now) for name, now in found if now.kind is not None}


def value_of(field: Standing) -> Json:
    """What a field is; None where there is none."""
    match field.kind:
        case None:
            return None
        case Kind.COUNTER:
            return number(field.body or "0")
        case Kind.SET:
            return [load(element) for element in sorted(_json(field.body, {}))]
        case Kind.LOG:
            return [line for *_, line in _json(field.body, [])]
        case _:
            return load(field.body or "null")


class Wish(NamedTuple):
    """What a patch wants of one field; `text` None: that it goes."""

    name: str
    text: str | None
    item: Item


def wishes(write: Write) -> dict[str, Wish]:
    """The fields that a write names; of several wishes for one the last counts."""
    found: dict[str, Wish] = {}
    for item in write.items:
        name, value = json.loads(item.text or "null")
        found[name] = Wish(name, None if value is None else dump(value), item)
    return found


def of_field(write: Write, wish: Wish, kind: Kind) -> Write:
    """The wish as a write of a key that is only this field."""
    if wish.text is None:
        return write._replace(kind=None, clears=True, items=())
    items = (Item(wish.item.id, "", wish.text),)
    return write._replace(kind=kind, clears=False, items=items)


def only(write: Write, names: Collection[str]) -> Write:
    """The part of a write that is about these fields."""
    wanted = frozenset(names)
    items = tuple(one.item for one in wishes(write).values() if one.name in wanted)
    return write._replace(items=items)


def alike(one: Write, other: Write) -> bool:
    """Whether two patches want the same."""
    some, others = wishes(one), wishes(other)
    return some.keys() == others.keys() and all(
        same(some[name].text, others[name].text) for name in some
    )


def field_kind(now: Standing, seen: Standing, by_rule: Kind | None) -> Kind:
    """What a wish for a field makes: what the field is, else what its rule says. A field that is
    an object is a value."""
    ruled = Kind.VALUE if by_rule in (None, Kind.RECORD) else by_rule
    return now.kind or seen.kind or ruled or Kind.VALUE


def in_parts(kind: Kind) -> bool:
    """Whether a field of this kind combines: only the difference to what was seen counts."""
    return kind in _IN_PARTS


def combined(now: Standing, write: Write, seen: Standing) -> str | None:
    """The body of a counter, set or log with the difference that the author made to what they
    saw. None where that is none: no number, no list, or lines that are not only more."""
    wanted = load(write.items[-1].text or "null")
    before = now.body if now.kind is write.kind else None
    known = seen.body if seen.kind is write.kind else None
    if write.kind is Kind.COUNTER:
        if not is_number(wanted):
            return None
        return plus(before, minus(dump(wanted), known))
    if not isinstance(wanted, list):
        return None
    if write.kind is Kind.LOG:
        return _longer(before, wanted, known, write)
    if any(isinstance(element, list | dict) or element is None for element in wanted):
        return None
    return _stamped(before, [dump(element) for element in wanted], known, write)


def _longer(before: str | None, wanted: list[Json], known: str | None, write: Write) -> str | None:
    shown = [line for *_, line in _json(known, [])]
    if wanted[: len(shown)] != shown:
        return None
    fresh = [[*write.order, write.commit, n, line] for n, line in enumerate(wanted[len(shown) :])]
    return _compact(sorted([*_json(before, []), *fresh], key=lambda line: line[:4]))


def _stamped(before: str | None, wanted: Iterable[str], known: str | None, write: Write) -> str:
    """As a set's: an inclusion leaves its commit, an exclusion ends those that were seen."""
    shown, alive = _json(known, {}), dict(_json(before, {}))
    wanted = list(dict.fromkeys(wanted))
    for element in wanted:
        if element not in shown:
            alive[element] = [*alive.get(element, ()), write.commit]
    for element in set(shown).difference(wanted):
        left = [commit for commit in alive.get(element, ()) if commit > write.base]
        alive.pop(element, None)
        if left:
            alive[element] = left
    return _compact(dict(sorted(alive.items())))


def same_as(fields: Record, write: Write) -> bool:
    """Whether the record stands in all that a write wants of it."""
    return all(is_as(fields.get(one.name, NOTHING), one.text) for one in wishes(write).values())


def is_as(field: Standing, text: str | None) -> bool:
    """Whether a field stands as a wish wants it."""
    return same(None if field.kind is None else _compact(value_of(field)), text)


def _standing(row: list[Any]) -> Standing:
    kind, body, changed, born, cleared, person, base, rank, saw = row
    made = None if kind is None else Kind(kind)
    return Standing(made, body, changed, born, cleared, person, (base, rank), saw)


def _json(body: str | None, empty: Any) -> Any:
    return empty if body is None else json.loads(body)


def _compact(value: Any) -> str:
    return _ENCODER.encode(value)
