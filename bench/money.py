"""What budgets cost: letting a job in, reserving and settling a call; that nothing goes over."""

import asyncio
import time
from pathlib import Path

from bench.figures import Figure
from core.errors import BudgetExceeded
from core.messages import ChannelRef
from core.model.account import Account
from core.model.amounts import Amount, Limit
from core.model.budget import Ledger
from core.model.pots import Limits
from core.model.price_book import PriceBook
from core.state.control import Control

AT_ONCE = 200
ROUNDS = 400
CALL = Amount(tokens=1_000, nanos=70_000)
WIDE = Limit(tokens=10**9, nanos=10**15)
# Of 200 calls about half fit, on the level that is in the way first.
NARROW = Limit(tokens=AT_ONCE * CALL.tokens, nanos=AT_ONCE * (CALL.nanos or 0) // 2 + 1)


async def measure(folder: Path) -> list[Figure]:
    """On a control.db as the bot has it."""
    admitted, called = await _alone(folder / "alone")
    over, together = await _crowd(folder / "crowd")
    return [
        Figure(
            name="a job let in on all four levels, in tokens and money", unit="ms",
            values=tuple(admitted), median_below=2,
        ),
        Figure(
            name="a call reserved, and the one before it settled, the same", unit="ms",
            values=tuple(called), median_below=4,
            note="in one transaction, as calls of a job follow each other",
        ),
        Figure(
            name=f"overshoot of {AT_ONCE} reservations at once", unit="nanodollars",
            values=(over,), worst_below=1, note="tokens and money, reserved, settled or left",
        ),
        Figure(name="all of these", unit="ms", values=(together,)),
        Figure(
            name="prices looked up, once a start", unit="ms", values=await _looks(),
            note="by a program of its own, beside the bot",
        ),
    ]  # fmt: skip


def _account(number: int) -> Account:
    channel = ChannelRef(platform="web", workspace="local", channel="general")
    return Account(channel=channel, person_id="ann", work=f"job:{number}", budget=WIDE)


async def _alone(folder: Path) -> tuple[list[float], list[float]]:
    control = await Control.open(folder)
    limits = Limits(per_person_day=WIDE, per_channel_day=WIDE, per_month=WIDE)
    ledger, admitted, called = Ledger(control.database, limits), [], []
    try:
        for number in range(ROUNDS):
            began = time.perf_counter()
            await ledger.admit(_account(number), "tiny", CALL, time.time())
            admitted.append(1000 * (time.perf_counter() - began))
            one = await ledger.reserve(_account(number), "tiny", CALL, time.time())
            settling = asyncio.create_task(ledger.settle(one, CALL))
            await asyncio.sleep(0)
            began = time.perf_counter()
            other = await ledger.reserve(_account(number), "tiny", CALL, time.time())
            called.append(1000 * (time.perf_counter() - began))
            await settling
            await ledger.settle(other, CALL)
    finally:
        await control.close()
    return admitted, called


async def _crowd(folder: Path) -> tuple[float, float]:
    """The most by which a limit was ever passed, and how long it took."""
    control = await Control.open(folder)
    limits = Limits(per_person_day=WIDE, per_channel_day=NARROW, per_month=NARROW)
    ledger, now, over = Ledger(control.database, limits), time.time(), 0

    async def call(number: int) -> None:
        nonlocal over
        try:
            got = await ledger.reserve(_account(number), "tiny", CALL, now)
        except BudgetExceeded:
            return
        for line in await ledger.spend(_account(number).channel, "ann", now):
            if line.cost_limit is not None and line.limit is not None:
                over = max(over, line.cost + line.cost_reserved - line.cost_limit)
                over = max(over, line.used + line.reserved - line.limit)
        if number % 3:
            await ledger.settle(got, Amount(tokens=number, nanos=number) if number % 2 else None)

    began = time.perf_counter()
    try:
        await asyncio.gather(*(call(number) for number in range(AT_ONCE)))
    finally:
        await control.close()
    return over, 1000 * (time.perf_counter() - began)


async def _looks() -> tuple[float, ...]:
    took = []
    for _ in range(5):
        began = time.perf_counter()
        await PriceBook("https://api.openai.com/v1", {}).of("gpt-5.4-mini")
        took.append(1000 * (time.perf_counter() - began))
    return tuple(took)
