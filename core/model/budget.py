"""The ledger of tokens and money: reserved before a call, settled after it. Knows no prices.

A call counts against several pots at once: its piece of work, its person's day, its channel's
day, the month of all, and its model's month. Each has one row, so that the tables stay small
and a reservation costs the same however many calls there were.
"""

import json
from asyncio import CancelledError
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import TypeVar

from core.errors import BudgetExceeded, StoreError
from core.messages import ChannelRef
from core.messages.views import SpendLine
from core.model import usage_rows
from core.model.account import Account
from core.model.amounts import NO_LIMIT, Amount
from core.model.chat import Usage
from core.model.ended_calls import Ended, EndedCalls
from core.model.periods import day_of, month_of
from core.model.pots import (
    Level,
    Limits,
    Pot,
    Standing,
    channel_pot,
    level_words,
    model_pot,
    month_pot,
    obstacle,
    person_pot,
    pots_of,
    renews_words,
    scarce_words,
)
from core.state.database import Database, Transaction
from core.state.savepoint import savepoint

T = TypeVar("T")

# Pots untouched for so long can no longer be drawn on, except a job's that slept for months.
KEEP_S = 90 * 86_400
# A pot with room for so many times what makes it scarce is not looked at again: its room was seen
# by the last reservation, and what ends later makes none smaller, or hardly.
_PLENTY = 4
_MOST_SEEN = 4096
_NOTHING = Amount(tokens=0, nanos=0)


class Ledger:
    """Keeps the pots in control.db. All limits hold together, exactly, at any concurrency."""

    def __init__(self, database: Database, limits: Limits, ended: EndedCalls | None = None) -> None:
        self._database = database
        self._limits = limits
        self._ended = ended or EndedCalls()
        # What could not be written when it was to be: it is with whatever is written next.
        self._owed: list[Callable[[Transaction], None]] = []
        self._swept = ""
        # What the latest reservations found in the pots, and their own share.
        self._seen: dict[_Key, Standing] = {}

    async def recover(self, at: float) -> int:
        """At start, before any call: charge what a dead process left reserved, at its bound, and
        let go of what it held for jobs. Returns how many calls that were."""
        return await self._database.write(partial(_recover, at))

    async def admit(self, account: Account, model: str, bound: Amount, at: float) -> None:
        """Hold `bound` for a job on all levels until its first call, which takes its place.

        Raises BudgetExceeded; then nothing is held. A second time it has no effect.
        """
        pots = pots_of(account, model, at, self._limits)
        self._note(await self._write(partial(_admit, account, pots, model, bound, at)))

    async def release(self, work: str) -> None:
        """Let go of what is still held for a job; no effect when nothing is. When it raises, that
        is done as soon as anything can be written."""
        try:
            await self._write(partial(_release, work))
        except StoreError:
            self._owed.append(partial(_release, work))
            raise

    async def reserve(self, account: Account, model: str, bound: Amount, at: float) -> int:
        """Set `bound` aside on all levels and return the reservation's id.

        Raises BudgetExceeded, which says in words which limit is in the way; then nothing was
        reserved.
        """
        pots = pots_of(account, model, at, self._limits)
        today = day_of(at, "UTC")
        if today != self._swept:
            self._swept = today
            await self._database.write(partial(_sweep, at))
        reserved, seen = await self._write(partial(_call, account, pots, model, bound, at))
        self._note(seen)
        return reserved

    async def settle(
        self, reservation: int, charged: Amount | None, usage: Usage | None = None
    ) -> None:
        """Replace a reservation by what was used; None (unknown) charges all that was reserved.

        `usage` is what the server said of it. A second time it has no effect. It is written in a
        moment, with others, but before anything else that is asked of the ledger. When it raises,
        it is written as soon as anything can be.
        """
        ended = Ended(reservation=reservation, charged=charged, usage=usage)
        await self._ended.add(ended, partial(self._write, _nothing))

    async def charged(self, work: str) -> Amount:
        """What a turn or job has used and has still reserved; nanos of what has a price."""
        await self._all_written()
        now = await self._database.read(partial(_standing, (Level.WORK, work, "")))
        return Amount(tokens=now.tokens + now.reserved_tokens, nanos=now.nanos + now.reserved_nanos)

    async def scarce(self, account: Account, model: str, bound: Amount, at: float) -> str | None:
        """Which budget is nearly used up, and what is left of it, before a call of at most
        `bound`; None if all have enough."""
        pots = _limited(pots_of(account, model, at, self._limits))
        if all(self._plenty(pot, bound) for pot in pots):
            return None
        await self._all_written()
        return await self._database.look(partial(_scarce, pots, bound))

    async def spend(
        self, channel: ChannelRef, person_id: str | None, at: float, zone: str = "UTC"
    ) -> tuple[SpendLine, ...]:
        """The levels that a person (if given) in a channel of that time zone draws on, and this
        month's models."""
        limits = self._limits
        pots = [channel_pot(channel, at, zone, limits), month_pot(at, limits)]
        if person_id is not None:
            pots.insert(0, person_pot(channel, person_id, at, zone, limits))
        await self._all_written()
        return await self._database.read(partial(_spend, pots, limits, at))

    def _plenty(self, pot: Pot, bound: Amount) -> bool:
        seen = self._seen.get(_key(pot))
        return seen is not None and scarce_words(pot, seen, bound, _PLENTY) is None

    def _note(self, seen: Mapping["_Key", Standing]) -> None:
        for key, standing in seen.items():
            self._seen.pop(key, None)  # the newest stand last
            self._seen[key] = standing
        while len(self._seen) > _MOST_SEEN:
            del self._seen[next(iter(self._seen))]

    async def _all_written(self) -> None:
        """Have what calls have used written, as far as that can be."""
        await self._ended.all_written()
        if self._owed:
            with suppress(StoreError):
                await self._write(_nothing)

    async def _write(self, function: Callable[[Transaction], T]) -> T:
        """Run `function` in one transaction with what calls have used that have ended."""
        ended, error = self._ended.take(), None
        owed, self._owed = self._owed, []
        owed += [partial(_settle, one.reservation, one.charged, one.usage) for one in ended]
        try:
            result = await self._database.write(partial(_after, owed, function))
        except BaseException as raised:
            if isinstance(raised, (StoreError, CancelledError)):
                self._owed += owed  # to be written twice has no effect
            error = raised
            raise
        finally:
            for one in ended:
                one.tell(error)
        if isinstance(result, BudgetExceeded):
            raise result
        return result


def _after(
    owed: Sequence[Callable[[Transaction], None]],
    function: Callable[[Transaction], T],
    tx: Transaction,
) -> T | BudgetExceeded:
    """A refusal as a value: it undoes what the function wrote, not what calls have used."""
    for one in owed:
        one(tx)
    if not owed:
        return function(tx)
    try:
        with savepoint(tx):
            return function(tx)
    except BudgetExceeded as refused:
        return refused


def _nothing(tx: Transaction) -> None:
    """Only calls have ended."""


_Key = tuple[str, str, str]


def _key(pot: Pot) -> _Key:
    return (pot.level, pot.name, pot.period)


def _limited(pots: Sequence[Pot]) -> Sequence[Pot]:
    """Those that can be in the way of a call."""
    return [pot for pot in pots if pot.limit != NO_LIMIT]


def _standing(key: _Key, tx: Transaction) -> Standing:
    row = tx.execute(
        "SELECT tokens, nanos, unpriced, reserved_tokens, reserved_nanos FROM spent"
        " WHERE level = ? AND name = ? AND period = ?",
        key,
    ).fetchone()
    if row is None:
        return Standing()
    tokens, nanos, unpriced, reserved_tokens, reserved_nanos = row
    return Standing(
        tokens=tokens, nanos=nanos, unpriced=unpriced,
        reserved_tokens=reserved_tokens, reserved_nanos=reserved_nanos,
    )  # fmt: skip


def _admit(
    account: Account, pots: tuple[Pot, ...], model: str, bound: Amount, at: float, tx: Transaction
) -> Mapping[_Key, Standing]:
    held = tx.execute("SELECT 1 FROM reservations WHERE held = ?", (account.work,)).fetchone()
    if held is not None:
        return {}
    return _reserve(account, pots, model, bound, at, account.work, tx)[1]


def _call(
    account: Account, pots: tuple[Pot, ...], model: str, bound: Amount, at: float, tx: Transaction
) -> tuple[int, Mapping[_Key, Standing]]:
    _release(account.work, tx)
    return _reserve(account, pots, model, bound, at, None, tx)


def _reserve(
    account: Account,
    pots: tuple[Pot, ...],
    model: str,
    bound: Amount,
    at: float,
    held: str | None,
    tx: Transaction,
) -> tuple[int, Mapping[_Key, Standing]]:
    """The reservation's id, and what its pots that have a limit hold with it."""
    seen = {}
    for pot in _limited(pots):
        now = _standing(_key(pot), tx)
        words = obstacle(pot, now, bound, at)
        if words is not None:
            raise BudgetExceeded(words)
        seen[_key(pot)] = now.reserving(bound)
    keys = [_key(pot) for pot in pots]
    _add(keys, _NOTHING, bound, 1, at, tx)
    channel = account.channel
    whose = (
        channel.platform, channel.workspace, channel.channel, account.person_id, model,
        account.kind,
    )  # fmt: skip
    row = tx.execute(
        "INSERT INTO reservations (pots, tokens, nanos, at, day, usage, held)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id",
        (
            json.dumps(keys), bound.tokens, bound.nanos, at, day_of(at, account.zone),
            json.dumps(whose), held,
        ),
    ).fetchone()  # fmt: skip
    return int(row[0]), seen


def _add(
    keys: Iterable[_Key], used: Amount, reserved: Amount, sign: int, at: float, tx: Transaction
) -> None:
    """Add to what the pots hold; `sign` -1 takes the reserved amount away."""
    unpriced = used.tokens if used.nanos is None else 0
    tx.executemany(
        "INSERT INTO spent"
        " (level, name, period, tokens, nanos, unpriced, reserved_tokens, reserved_nanos, at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT DO UPDATE SET tokens = tokens + excluded.tokens,"
        " nanos = nanos + excluded.nanos, unpriced = unpriced + excluded.unpriced,"
        " reserved_tokens = reserved_tokens + excluded.reserved_tokens,"
        " reserved_nanos = reserved_nanos + excluded.reserved_nanos, at = max(at, excluded.at)",
        [
            (*key, used.tokens, used.nanos or 0, unpriced, sign * reserved.tokens,
             sign * (reserved.nanos or 0), at)
            for key in keys
        ],
    )  # fmt: skip


_TAKE = "DELETE FROM reservations RETURNING pots, tokens, nanos, at, day, usage, held"
_TAKE_ONE = _TAKE.replace("RETURNING", "WHERE id = ? RETURNING")
_TAKE_HELD = _TAKE.replace("RETURNING", "WHERE held = ? RETURNING")


def _settle(reservation: int, charged: Amount | None, usage: Usage | None, tx: Transaction) -> None:
    row = tx.execute(_TAKE_ONE, (reservation,)).fetchone()
    if row is not None:
        _settled(row, charged, usage, tx)


def _release(work: str, tx: Transaction) -> None:
    row = tx.execute(_TAKE_HELD, (work,)).fetchone()
    if row is not None:
        _settled(row, _NOTHING, None, tx)


def _settled(
    row: tuple[str, int, int | None, float, str, str, str | None],
    charged: Amount | None,
    usage: Usage | None,
    tx: Transaction,
) -> None:
    pots, tokens, nanos, at, day, whose, held = row
    bound = Amount(tokens=tokens, nanos=nanos)
    used = bound if charged is None else charged
    _add(
        [(level, name, period) for level, name, period in json.loads(pots)], used, bound, -1, at, tx
    )
    if held is None and used.tokens:
        usage_rows.add(tx, day, json.loads(whose), used, usage)


def _recover(at: float, tx: Transaction) -> int:
    rows = tx.execute(_TAKE).fetchall()
    for row in rows:
        held = row[-1] is not None
        _settled(row, _NOTHING if held else None, None, tx)
    _sweep(at, tx)
    return sum(1 for row in rows if row[-1] is None)


def _sweep(at: float, tx: Transaction) -> None:
    tx.execute(
        "DELETE FROM spent WHERE at < ? AND reserved_tokens = 0 AND reserved_nanos = 0",
        (at - KEEP_S,),
    )
    usage_rows.sweep(tx, day_of(at, "UTC"))


def _scarce(pots: Sequence[Pot], bound: Amount, tx: Transaction) -> str | None:
    found = (scarce_words(pot, _standing(_key(pot), tx), bound) for pot in pots)
    return next((words for words in found if words is not None), None)


def _spend(
    pots: Iterable[Pot], limits: Limits, at: float, tx: Transaction
) -> tuple[SpendLine, ...]:
    models = tx.execute(
        "SELECT name FROM spent WHERE level = ? AND period = ? ORDER BY name",
        (Level.MODEL, month_of(at, limits.zone)),
    )
    seen = [model_pot(row[0], at, limits) for row in models]
    return tuple(_line(pot, at, tx) for pot in (*pots, *seen))


def _line(pot: Pot, at: float, tx: Transaction) -> SpendLine:
    now = _standing(_key(pot), tx)
    return SpendLine(
        level=level_words(pot),
        used=now.tokens,
        reserved=now.reserved_tokens,
        limit=pot.limit.tokens,
        cost=now.nanos,
        cost_reserved=now.reserved_nanos,
        cost_limit=pot.limit.nanos,
        unpriced=now.unpriced,
        renews=renews_words(pot, at),
    )
