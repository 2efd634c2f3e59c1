"""A model whose every call is reserved, settled, and tried again if need be. Knows no budgets."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import structlog

from core.commit_points import CommitPoint, reached
from core.errors import ModelError, ModelUnreachable, StoreError, ThawError
from core.model.account import Account
from core.model.amounts import Amount
from core.model.bounds import Bounds, Measured
from core.model.budget import Ledger
from core.model.chat import ModelReply, ModelRequest, Usage
from core.model.dialect import MOST_LESSONS, DialectLearned
from core.model.prices import Price
from core.ports import Model

log = structlog.get_logger(__name__)
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Retries:
    """How often an unreachable server is tried, and how long to wait between, in seconds.

    Waits double from `first_s` to `longest_s`, each half of it by chance. A server that asks for
    more patience than `longest_s`, or has used up `patience_s` by hanging, is not tried again here:
    its caller knows what else to do.
    """

    tries: int
    first_s: float
    longest_s: float
    patience_s: float = 30.0

    def wait_s(self, failed: int, asked: float | None, gone_s: float = 0.0) -> float | None:
        """How long to wait after so many failures in `gone_s`; None to give up."""
        if failed >= self.tries or (asked or 0.0) > self.longest_s or gone_s > self.patience_s:
            return None
        backoff: float = min(self.longest_s, self.first_s * 2 ** (failed - 1))
        # So that many calls refused at once do not come back at once.
        return max(asked or 0.0, backoff * random.uniform(0.5, 1.0))  # noqa: S311


_NOTHING = Amount(tokens=0, nanos=0)

# A person waits for a turn; a job's caller waits by itself and tells people meanwhile.
TURN = Retries(tries=3, first_s=0.3, longest_s=2.0)
JOB = Retries(tries=2, first_s=0.5, longest_s=5.0)


async def unpriced(_model: str) -> Price | None:
    """No prices at all: everything counts in tokens alone."""
    return None


class Metered:
    """Implements core.ports.MeteredModel and core.ports.Purse over a model and the ledger.

    `prices` gives the price of a model, None where it is not known.
    """

    def __init__(
        self,
        model: Model,
        ledger: Ledger,
        *,
        retries: Retries,
        prices: Callable[[str], Awaitable[Price | None]] = unpriced,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._model = model
        self._prices = prices
        self._ledger = ledger
        self._retries = retries
        self._clock = clock
        self._bounds = Bounds()
        self._writes: set[asyncio.Task[Any]] = set()

    async def complete(
        self, account: Account, request: ModelRequest, on_text: Callable[[str], None] | None = None
    ) -> ModelReply:
        """Answer within the account's budgets; each try is a reservation of its own.

        Raises BudgetExceeded, ModelUnreachable (tries are used up), ModelRefused, ContextTooLong.
        """
        heard = None if on_text is None else _Heard(on_text)
        failed = lessons = 0
        time_of = asyncio.get_running_loop().time
        began = time_of()
        while True:
            try:
                return await self._once(account, request, heard)
            except DialectLearned:
                lessons += 1
                if lessons > MOST_LESSONS:
                    raise
            except ModelUnreachable as error:
                failed += 1
                gone_s = time_of() - began
                wait_s = self._retries.wait_s(failed, error.retry_after_s, gone_s)
                if wait_s is None:
                    raise
                await asyncio.sleep(wait_s)

    async def charged(self, work: str) -> Amount:
        """What a turn or job has used and has still reserved so far."""
        if self._writes:
            await asyncio.wait(self._writes)
        return await self._ledger.charged(work)

    async def scarce(self, account: Account, request: ModelRequest) -> str | None:
        """See core.ports.MeteredModel."""
        measured = self._bounds.measure(account.prompts, request)
        bound = _bound(measured, await self._prices(request.model))
        return await self._ledger.scarce(account, request.model, bound, self._clock())

    async def admit(self, account: Account, model: str, prompt: int, completion: int) -> None:
        """See core.ports.Purse."""
        price = await self._prices(model)
        nanos = None if price is None else price.bound(prompt, completion)
        bound = Amount(tokens=prompt + completion, nanos=nanos)
        admitting = self._write(self._ledger.admit(account, model, bound, self._clock()))
        await asyncio.shield(admitting)

    def release(self, work: str) -> None:
        """See core.ports.Purse."""
        self._write(self._release(work))

    async def close(self) -> None:
        """Wait until the calls that have ended stand in the ledger."""
        while self._writes:
            await asyncio.wait(self._writes)

    async def _once(
        self, account: Account, request: ModelRequest, heard: "_Heard | None"
    ) -> ModelReply:
        measured = self._bounds.measure(account.prompts, request)
        # A call is settled at the price that it was reserved at, whatever it costs by then.
        price = await self._prices(request.model)
        reservation = await self._reserve(account, request.model, _bound(measured, price))
        charged: Amount | None = None
        usage: Usage | None = None
        try:
            reached(CommitPoint.CALL_RESERVED)
            if heard is not None:
                heard.begin()
            reply = await self._model.complete(request, heard)
            reached(CommitPoint.CALL_ANSWERED)
            usage = reply.usage
            charged = None if usage is None else _used(usage, price)
            if usage is not None:
                self._bounds.reported(account.prompts, measured, usage)
        except ModelError as error:
            charged = _NOTHING if error.free else None
            raise
        finally:
            # Also when the call is cancelled: its usage is unknown then, the bound is charged.
            # Nobody waits for it: it stands in the ledger before any later reservation does.
            self._write(self._settle(reservation, charged, usage))
        return replace(reply, cost=(charged or _bound(measured, price)).nanos)

    async def _reserve(self, account: Account, model: str, bound: Amount) -> int:
        reserving = self._write(self._ledger.reserve(account, model, bound, self._clock()))
        try:
            return await asyncio.shield(reserving)
        except asyncio.CancelledError:
            # The reservation may be written all the same; no call will be made for it.
            self._write(self._give_back(reserving))
            raise

    async def _give_back(self, reserving: Awaitable[int]) -> None:
        try:
            reservation = await reserving
        except ThawError:
            return
        await self._settle(reservation, _NOTHING, None)

    async def _settle(self, reservation: int, charged: Amount | None, usage: Usage | None) -> None:
        try:
            await self._ledger.settle(reservation, charged, usage)
        except StoreError as error:
            # The answer is paid for and kept; the reservation stands in for what it cost until
            # the ledger can write it.
            log.warning("a model call could not be settled", error=str(error))
        else:
            reached(CommitPoint.CALL_SETTLED)

    async def _release(self, work: str) -> None:
        try:
            await self._ledger.release(work)
        except StoreError as error:
            # The ledger does it when it can write again, or the next start.
            log.warning("what was held for a job could not be released", error=str(error))

    def _write(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """A write to the ledger, which its caller's cancellation does not stop."""
        task = asyncio.create_task(work, name="ledger")
        self._writes.add(task)
        task.add_done_callback(self._writes.discard)
        return task


def _bound(measured: Measured, price: Price | None) -> Amount:
    completion = measured.bound - measured.prompt
    nanos = None if price is None else price.bound(measured.prompt, completion)
    return Amount(tokens=measured.bound, nanos=nanos)


def _used(usage: Usage, price: Price | None) -> Amount:
    return Amount(tokens=usage.total, nanos=None if price is None else price.cost(usage))


class _Heard:
    """Hands text over once: what an earlier try has streamed is not streamed again."""

    def __init__(self, on_text: Callable[[str], None]) -> None:
        self._on_text = on_text
        self._given = 0
        self._heard = 0

    def begin(self) -> None:
        """A new try starts its text from the beginning."""
        self._heard = 0

    def __call__(self, text: str) -> None:
        new = text[max(0, self._given - self._heard) :]
        self._heard += len(text)
        if new:
            self._given += len(new)
            self._on_text(new)
