"""A merge in words: one plain line for each key it touched. Knows no buttons."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import NamedTuple

from core.state import record
from core.state.database import Transaction
from core.state.made import elements
from core.state.operations import Json, Kind, Op
from core.state.standing import LOST, Case, Standing, Step, Verdict
from core.state.values import load
from core.state.write import WHOLE, Write

MOST_LINES = 30
_SHOWN = 60
_MOST_SIGNED = 20
MINUS = "\N{MINUS SIGN}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptLine:
    """What became of one key. `text` is plain, one line, bounded.

    `conflict` is the number of the conflict that it waits in. `take` is the commit whose write
    was outranked by a person's and can still be taken.
    """

    key: str
    text: str
    conflict: int | None = None
    take: int | None = None


class Told(NamedTuple):
    """One key's step with what the words need: who wrote it, and the conflict it met."""

    case: Case
    step: Step
    who: str
    conflict: int | None


class Tally:
    """What is to be told of a merge, while it goes on: never more than the receipt needs."""

    def __init__(self) -> None:
        self.conflicts: set[int] = set()
        self._count = 0
        self._asking: list[Told] = []
        self._others: list[Told] = []

    def add(self, case: Case, step: Step, who: str, conflict: int | None) -> None:
        """Take note of one key: see Told."""
        self._count += 1
        if conflict is not None:
            self.conflicts.add(conflict)
        asks = conflict is not None or step.verdict in LOST
        kept = self._asking if asks else self._others
        if len(kept) < MOST_LINES:
            kept.append(Told(case, step, who, conflict))

    def lines(self, tx: Transaction) -> tuple[ReceiptLine, ...]:
        """The receipt, at most MOST_LINES: what asks for somebody first."""
        kept = [*self._asking, *self._others]
        if self._count > MOST_LINES:
            kept = kept[: MOST_LINES - 1]
        return _closed([_line(tx, one) for one in kept], self._count)


def _line(tx: Transaction, one: Told) -> ReceiptLine:
    verdict, write = one.step.verdict, one.case.write
    text = f"`{one.case.key}` {_text(tx, one)}"
    if one.conflict is not None:
        waits = verdict is Verdict.CANDIDATE
        text += f": conflict #{one.conflict}" if waits else f"; #{one.conflict} is still open"
    take = write.commit if verdict is Verdict.OUTRANKED else None
    return ReceiptLine(key=one.case.key, text=text, conflict=one.conflict, take=take)


def _text(tx: Transaction, one: Told) -> str:
    before, after, write = one.case.facts.standing, one.step.standing, one.case.write
    landed = write.kind is Kind.RECORD and one.step.lost is not None and after.body != before.body
    lost = write if one.step.lost is None else one.step.lost
    stays = (
        f"{_fields(before, after, write)}; the rest stays" if landed else f"stays {shown(before)}"
    )
    wanted = f"{one.who} wanted {wish(lost)}"
    match one.step.verdict:
        case Verdict.APPLIED:
            return _applied(before, after, one.case, one.step)
        case Verdict.SAME if write.kind is None and not write.clears:
            return stays
        case Verdict.SAME:
            return f"unchanged: {shown(before)}"
        case Verdict.CANDIDATE:
            return f"{stays}; {wanted}"
        case Verdict.OUTRANKED:
            row = tx.execute("SELECT author FROM commits WHERE number = ?", (before.person,))
            since = "" if before.changed == before.person else ", and changed since"
            return f"{stays}, set by {row.fetchone()[0]} meanwhile{since}; {wanted}"
        case Verdict.BEATEN:
            rule = "its rules" if write.kind is Kind.RECORD else f"the rule {one.case.merging}"
            return f"{stays} by {rule}; {wanted}"


def folded(key: str, before: Standing, after: Standing, conflict: int | None) -> ReceiptLine:
    """The line for a key whose writes were folded again (an undo)."""
    text = f"`{key}` "
    if (before.kind, before.body) == (after.kind, after.body):
        text += f"stays {shown(after)}"
    elif after.kind is None:
        text += "is gone"
    elif before.kind is None:
        text += f"= {shown(after)}"
    elif shown(before) == shown(after):  # as of a text of so many lines
        text += f"changed, {shown(after)}"
    else:
        text += f"{shown(before)} → {shown(after)}"
    if conflict is not None:
        text += f": conflict #{conflict}"
    return ReceiptLine(key=key, text=text, conflict=conflict)


def bounded(lines: Sequence[ReceiptLine]) -> tuple[ReceiptLine, ...]:
    """At most MOST_LINES of these, conflicts first."""
    ranked = sorted(lines, key=lambda line: line.conflict is None)
    kept = ranked if len(ranked) <= MOST_LINES else ranked[: MOST_LINES - 1]
    return _closed(kept, len(ranked))


def _closed(kept: Sequence[ReceiptLine], count: int) -> tuple[ReceiptLine, ...]:
    if count == len(kept):
        return tuple(kept)
    return (*kept, ReceiptLine(key="", text=f"and {count - len(kept):,} keys more"))


def dump(lines: Sequence[ReceiptLine]) -> str:
    """Lines as JSON text."""
    return json.dumps([asdict(line) for line in lines], ensure_ascii=False)


def undump(text: str) -> tuple[ReceiptLine, ...]:
    """The lines that `dump` wrote."""
    return tuple(ReceiptLine(**line) for line in json.loads(text))


def _applied(before: Standing, after: Standing, case: Case, step: Step) -> str:
    write = case.write
    if after.kind is None:
        return "deleted"
    if (before.kind, before.body) == (after.kind, after.body) and after.kind in WHOLE:
        return f"= {shown(after)}, as before"
    replaced = before.kind is not after.kind or write.clears
    beside = ", beside what others changed meanwhile" if step.merged else ""
    match after.kind:
        case Kind.COUNTER if not replaced:
            return f"{before.body} {_additions(write)} = {after.body}"
        case Kind.LOG if not replaced:
            above = ", above lines already shown" if step.above else ""
            return f"{wish(write)}{above}"
        case Kind.SET if not replaced:
            moved = _moved(case, step)
            return _cut(" ".join(moved)) if moved else f"unchanged: {shown(after)}"
        case Kind.RECORD if not replaced:
            return _fields(before, after, write)
        case Kind.VALUE if before.kind is Kind.VALUE:
            return f"{shown(before)} → {shown(after)}"
        case Kind.FILE | Kind.TEXT:
            new = "new" if before.kind is None else "changed"
            return f"{new}, {shown(after)}{beside}"
        case _:
            return f"= {shown(after)}"


def _moved(case: Case, step: Step) -> list[str]:
    """The elements that came into a set or went, and no others that a write names."""
    added, dropped = set(step.adds), dict.fromkeys(step.drops)
    coming = {item.text for item in case.write.items if item.id in added}
    found = []
    for element in elements(case.write):
        stamps = case.facts.stamps.get(element, ())
        left = any((element, stamp.operation) not in dropped for stamp in stamps)
        comes = element in coming
        if (left or comes) != bool(stamps):
            found.append(_signed(Op.INCLUDE if comes else Op.EXCLUDE, element))
        if len(found) == _MOST_SIGNED:
            break
    return found


def _fields(before: Standing, after: Standing, write: Write) -> str:
    """The fields of a record that a write changed, with what they were and are."""
    was = record.plain(before.body) if before.kind is Kind.RECORD else {}
    now = record.plain(after.body)
    told = []
    for name in record.wishes(write):
        if name not in now and name in was:
            told.append(f"{name} removed")
        elif name in now and now[name] != was.get(name):
            old = f" {_short(was[name])} →" if name in was else " ="
            told.append(f"{name}{old} {_short(now[name])}")
    return _cut("; ".join(told) or "unchanged", 2 * _SHOWN)


def _short(value: Json) -> str:
    return _cut(json.dumps(value, ensure_ascii=False), _SHOWN // 2)


def shown(standing: Standing) -> str:
    """How a key stands, in a few words."""
    if standing.kind is None:
        return "absent"
    body = standing.body or ""
    match standing.kind:
        case Kind.LOG:
            return counted(int(body), "line")
        case Kind.SET:
            return counted(int(body), "element")
        case Kind.FILE:
            return _file(body)
        case Kind.TEXT:
            return _text_size(body)
        case Kind.RECORD:
            return _cut(json.dumps(record.plain(body), ensure_ascii=False))
        case _:
            return _cut(body)


def wish(write: Write) -> str:
    """What a write wants, in a few words."""
    if write.kind is None:
        return "it deleted" if write.clears else "it as it is"
    start = "to start anew with " if write.clears and write.kind not in WHOLE else ""
    match write.kind:
        case Kind.COUNTER:
            return start + _additions(write)
        case Kind.LOG:
            return f"{start}+{counted(len(write.items), 'line')}"
        case Kind.SET:
            signed = (_signed(item.op, item.text or "") for item in write.items[:20])
            return start + _cut(" ".join(signed))
        case Kind.RECORD:
            wanted = (
                f"{one.name} = {_cut(one.text, _SHOWN // 2)}" if one.text else f"no {one.name}"
                for one in record.wishes(write).values()
            )
            return start + _cut("; ".join(wanted), 2 * _SHOWN)
        case _:
            return shown(Standing(write.kind, write.items[-1].text))


def _text_size(body: str) -> str:
    text = load(body)
    assert isinstance(text, str)
    lines = text.count("\n") + (not text.endswith("\n"))
    return _cut(body) if lines == 1 and len(body) <= _SHOWN else counted(lines, "line")


def _signed(op: str, element: str) -> str:
    return f"{'+' if op == Op.INCLUDE else MINUS}{element}"


def _additions(write: Write) -> str:
    texts = [item.text or "0" for item in write.items[:5]]
    signed = [f"{MINUS} {text[1:]}" if text[0] == "-" else f"+ {text}" for text in texts]
    return " ".join(signed) + (" …" if len(write.items) > len(texts) else "")


def _file(body: str) -> str:
    facts = load(body)
    assert isinstance(facts, dict)
    size = facts["size"]
    assert isinstance(size, int)
    return f"{_bytes(size)}{', executable' if facts['executable'] else ''}"


def _bytes(size: int) -> str:
    if size < 1000:
        return counted(size, "byte")
    for unit in ("kB", "MB"):
        size_in = size / 1000 if unit == "kB" else size / 1_000_000
        if size_in < 1000:
            return f"{size_in:.1f} {unit}"
    return f"{size / 1e9:.1f} GB"


def counted(number: int, noun: str) -> str:
    """A number with its noun, in the plural where it has to be."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _cut(text: str, most: int = _SHOWN) -> str:
    # JSON text has no line breaks; U+2028 and its like could still break a line.
    line = " ".join(text[: most + 1].split())
    return line if len(line) <= most else f"{line[: most - 1]}…"
