"""`thaw usage`: what was spent, by whom, where, when, on which model, also while the bot runs.
Changes nothing."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from bot.checks import printable
from bot.inspect import opened
from core.errors import BadRequest, StoreError
from core.messages import ChannelRef
from core.messages.money import NANOS, dollars
from core.model import usage_rows
from core.model.usage_rows import UsageRow
from core.records.messages import author_named
from core.state.reading import reading
from core.state.schema import CONTROL_APPLICATION_ID, control_migrations

_Someone = tuple[str, str, str]
_SUMS = ("calls", "prompt", "cached", "completion", "tokens", "nanos", "unpriced")
# What begins a formula, also as wide letters, which some spreadsheets take for the same.
_FORMULAS = ("=", "+", "-", "@", "\t", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_ALL = ("day", "channel", "person", "model", "kind")


@dataclass(slots=True)
class _Sum:
    calls: int = 0
    prompt: int = 0
    cached: int = 0
    completion: int = 0
    tokens: int = 0
    nanos: int = 0
    unpriced: int = 0

    def add(self, row: UsageRow) -> None:
        for name in _SUMS:
            setattr(self, name, getattr(self, name) + getattr(row, name))


def usage_of(
    root: Path, by: str | None, since: str | None, until: str | None, *, as_csv: bool = False
) -> Iterator[str]:
    """Yield a line for each of what `by` names (day, channel, person, model or kind), the dearest
    first and days in their order; without it a line for each combination. Raises ThawError.

    `since` and `until` are days, both included.
    """
    keys = _ALL if by is None else (by,)
    rows = _rows(root, _day(since, "0000-01-01"), _day(until, "9999-12-31"))
    sums: dict[tuple[str, ...], _Sum] = {}
    named = _Names(root)
    labels: dict[str, Callable[[UsageRow], str]] = {
        "day": lambda row: row.day,
        "channel": lambda row: str(row.channel),
        "person": lambda row: named.of(row.channel, row.person),
        "model": lambda row: row.model,
        "kind": lambda row: row.kind,
    }
    for row in rows:
        label = tuple(labels[key](row) for key in keys)
        sums.setdefault(label, _Sum()).add(row)
    lines = list(sums.items())
    if "day" not in keys:
        lines.sort(key=lambda line: (-line[1].nanos, -line[1].tokens, line[0]))
    yield from _as_csv(keys, lines) if as_csv else _as_text(lines)


def _rows(root: Path, since: str, until: str) -> list[UsageRow]:
    path = root / "control.db"
    if not path.exists():
        return []
    with reading(path, CONTROL_APPLICATION_ID, len(control_migrations())) as tx:
        return list(usage_rows.read(tx, since, until))


def _day(text: str | None, otherwise: str) -> str:
    if text is None:
        return otherwise
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError as error:
        raise BadRequest(f"a day is written as 2026-11-22, not {printable(text[:40])}") from error


class _Names:
    """What people call themselves, as channels know it: the ledger keeps ids alone."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._known: dict[_Someone, str] = {}

    def of(self, channel: ChannelRef, person: str) -> str:
        """The name with the id, or the id alone."""
        someone = (channel.platform, channel.workspace, person)
        if someone not in self._known:
            name = self._look(channel, person)
            if name is None:
                return person  # another channel may know it
            self._known[someone] = name if name == person else f"{name} ({person})"
        return self._known[someone]

    def _look(self, channel: ChannelRef, person: str) -> str | None:
        try:
            with opened(self._root, channel) as tx:
                return author_named(tx, person)
        except StoreError:
            return None


def _as_text(lines: Iterable[tuple[tuple[str, ...], _Sum]]) -> Iterator[str]:
    whole, count = _Sum(), 0
    for label, found in lines:
        count += 1
        for name in _SUMS:
            setattr(whole, name, getattr(whole, name) + getattr(found, name))
        yield printable(f"{'  '.join(label)}  {_words(found)}")
    if not count:
        yield "nothing was used"
    elif count > 1:
        yield f"together  {_words(whole)}"


def _words(found: _Sum) -> str:
    calls = f"{found.calls:,} call{'' if found.calls == 1 else 's'}"
    cost = f", {dollars(found.nanos)}" if found.nanos else ""
    unknown = f", {found.unpriced:,} tokens at unknown prices" if found.unpriced else ""
    cached = f" ({found.cached:,} of them cached)" if found.cached else ""
    return f"{calls}, {found.tokens:,} tokens{cached}{cost}{unknown}"


def _as_csv(keys: tuple[str, ...], lines: Iterable[tuple[tuple[str, ...], _Sum]]) -> Iterator[str]:
    yield _csv_line([*keys, *_SUMS[:5], "dollars", "unpriced_tokens"])
    for label, found in lines:
        sums = [getattr(found, name) for name in _SUMS[:5]]
        money = f"{found.nanos // NANOS}.{found.nanos % NANOS:09}"
        yield _csv_line([*map(_cell, label), *sums, money, found.unpriced])


def _csv_line(cells: Iterable[object]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(cells)
    return line.getvalue()


def _cell(text: str) -> str:
    """A text that no spreadsheet takes for a formula: people choose their names themselves."""
    plain = printable(text)
    return f"'{plain}" if plain.lstrip().startswith(_FORMULAS) else plain
