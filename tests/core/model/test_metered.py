"""The metered model over the emulator and a real ledger: reserved, settled, tried again."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from core.errors import (
    BudgetExceeded,
    ContextTooLong,
    ModelRefused,
    ModelUnreachable,
    StoreError,
)
from core.model.amounts import Amount
from core.model.budget import Ledger
from core.model.chat import Usage
from core.model.metered import JOB, TURN, Metered, Retries
from core.model.openai_client import OpenAIModel
from core.model.pots import Limits
from core.state.database import Database
from tests.core.model.chats import account, asking
from tests.core.model.ledgers import NOON, filed, most
from tests.core.model.metering import AT_ONCE, BOUND, metering
from tests.emulators.model import ModelServer, Received, Reply


async def test_a_call_is_charged_what_the_server_reports(tmp_path: Path) -> None:
    async with metering(tmp_path, [Reply(text="ok", usage=(20, 5))]) as setting:
        assert (await setting.model.complete(account(), asking("hi"))).text == "ok"
        assert await setting.used() == (25, 0)
        assert (await setting.model.charged("job:1")).tokens == 25


class Gated(Ledger):
    """A ledger whose settlements wait for `gate`, and fail with `trouble` if there is any."""

    def __init__(self, database: Database) -> None:
        super().__init__(database, Limits())
        self.gate = asyncio.Event()
        self.trouble: StoreError | None = None

    async def settle(
        self, reservation: int, charged: Amount | None, usage: Usage | None = None
    ) -> None:
        await self.gate.wait()
        if self.trouble is not None:
            raise self.trouble
        await super().settle(reservation, charged, usage)


@asynccontextmanager
async def gated(path: Path) -> AsyncIterator[tuple[Metered, Gated]]:
    """A metered model over such a ledger; the server says 20 + 5 tokens."""
    async with (
        ModelServer(lambda _: Reply(text="ok", usage=(20, 5))) as server,
        filed(path) as database,
    ):
        client = OpenAIModel(base_url=server.base_url, key="k", key_env="MY_KEY")
        ledger = Gated(database)
        metered = Metered(client, ledger, retries=AT_ONCE, clock=lambda: NOON)
        yield metered, ledger
        ledger.gate.set()
        await metered.close()
        await client.close()


async def test_an_answer_does_not_wait_for_its_settlement(tmp_path: Path) -> None:
    async with gated(tmp_path) as (model, ledger), asyncio.timeout(20):
        assert (await model.complete(account(), asking("hi"))).text == "ok"
        assert (await ledger.charged("job:1")).tokens == BOUND
        charged = asyncio.create_task(model.charged("job:1"))
        ledger.gate.set()
        assert (await charged).tokens == 25


async def test_whoever_is_cancelled_while_asking_stops_no_settlement(tmp_path: Path) -> None:
    async with gated(tmp_path) as (model, ledger), asyncio.timeout(20):
        await model.complete(account(), asking("hi"))
        charged = asyncio.create_task(model.charged("job:1"))
        await asyncio.sleep(0)
        charged.cancel()
        with pytest.raises(asyncio.CancelledError):
            await charged
        ledger.gate.set()
        assert (await model.charged("job:1")).tokens == 25


async def test_a_call_that_cannot_be_settled_is_answered_and_charged_at_the_bound(
    tmp_path: Path,
) -> None:
    async with gated(tmp_path) as (model, ledger), asyncio.timeout(20):
        ledger.trouble = StoreError("the disk is full")
        ledger.gate.set()
        assert (await model.complete(account(), asking("hi"))).text == "ok"
        await model.close()
        assert await ledger.recover(NOON) == 1
        assert (await ledger.charged("job:1")).tokens == BOUND


async def test_a_call_finds_the_one_before_it_settled(tmp_path: Path) -> None:
    limits = Limits(per_month=most(BOUND + 20 * 2))
    async with metering(
        tmp_path, lambda _: Reply(text="ok", usage=(1, 1)), limits=limits
    ) as setting:
        for number in range(20):
            await setting.model.complete(account(f"job:{number}"), asking("hi"))
        assert await setting.used() == (40, 0)


async def test_unknown_usage_is_charged_at_the_bound(tmp_path: Path) -> None:
    async with metering(tmp_path, [Reply(text="ok", usage=None)]) as setting:
        await setting.model.complete(account(), asking("hi"))
        assert await setting.used() == (BOUND, 0)


async def test_the_bound_is_reserved_while_the_call_runs(tmp_path: Path) -> None:
    async with metering(tmp_path, [Reply(hang=True)]) as setting:
        call = asyncio.create_task(setting.model.complete(account(), asking("hi")))
        await asyncio.wait_for(setting.server.arrived(1), 60)
        assert await setting.used() == (0, BOUND)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call


async def test_a_call_cancelled_in_the_middle_is_charged_at_the_bound(tmp_path: Path) -> None:
    async with metering(tmp_path, [Reply(hang=True)]) as setting:
        call = asyncio.create_task(setting.model.complete(account(), asking("hi")))
        await asyncio.wait_for(setting.server.arrived(1), 60)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        await setting.model.close()
        assert await setting.used() == (BOUND, 0)


async def test_a_call_cancelled_before_it_is_made_costs_nothing(tmp_path: Path) -> None:
    async with metering(tmp_path, [Reply(text="ok")]) as setting:
        for yields in range(6):
            call = asyncio.create_task(setting.model.complete(account(), asking("hi")))
            for _ in range(yields):
                await asyncio.sleep(0)
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call
        await setting.model.close()
        assert not setting.server.received
        assert await setting.used() == (0, 0)


async def test_a_call_over_the_budget_is_not_made(tmp_path: Path) -> None:
    limits = Limits(per_month=most(BOUND - 1))
    async with metering(tmp_path, [Reply(text="ok")], limits=limits) as setting:
        with pytest.raises(BudgetExceeded):
            await setting.model.complete(account(), asking("hi"))
        assert not setting.server.received


async def test_the_second_call_of_a_work_is_bound_by_what_the_first_reported(
    tmp_path: Path,
) -> None:
    replies = [Reply(text="ok", usage=(1000, 5)), Reply(hang=True)]
    async with metering(tmp_path, replies) as setting:
        await setting.model.complete(account(), asking("x" * 8000))
        call = asyncio.create_task(setting.model.complete(account(), asking("x" * 8000, "y")))
        await asyncio.wait_for(setting.server.arrived(2), 60)
        _, reserved = await setting.used()
        assert 1100 < reserved < 1200
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call


async def test_each_retry_is_a_reservation_of_its_own(tmp_path: Path) -> None:
    replies = [Reply(status=500, body="no"), Reply(text="x", cut_after=1), Reply(text="ok")]
    async with metering(tmp_path, replies) as setting:
        reply = await setting.model.complete(account(), asking("hi"))
        assert reply.usage is not None
        assert await setting.used() == (2 * BOUND + reply.usage.total, 0)


async def test_a_retry_that_the_budget_does_not_allow_is_not_made(tmp_path: Path) -> None:
    limits = Limits(per_month=most(2 * BOUND - 1))
    replies = [Reply(status=500, body="no"), Reply(text="ok")]
    async with metering(tmp_path, replies, limits=limits) as setting:
        with pytest.raises(BudgetExceeded):
            await setting.model.complete(account(), asking("hi"))
        assert len(setting.server.received) == 1


async def test_being_turned_away_costs_nothing(tmp_path: Path) -> None:
    replies = [Reply(status=429, body="{}"), Reply(status=503, body="{}"), Reply(text="ok")]
    async with metering(tmp_path, replies) as setting:
        reply = await setting.model.complete(account(), asking("hi"))
        assert reply.usage is not None
        assert await setting.used() == (reply.usage.total, 0)


async def test_tries_are_bounded(tmp_path: Path) -> None:
    async with metering(tmp_path, lambda _: Reply(status=503, body="{}")) as setting:
        with pytest.raises(ModelUnreachable):
            await setting.model.complete(account(), asking("hi"))
        assert len(setting.server.received) == 3
        assert await setting.used() == (0, 0)


@pytest.mark.parametrize("status", [400, 401, 404])
async def test_a_refusal_is_not_tried_again_and_costs_nothing(tmp_path: Path, status: int) -> None:
    async with metering(tmp_path, [Reply(status=status, body="{}")]) as setting:
        with pytest.raises(ModelRefused):
            await setting.model.complete(account(), asking("hi"))
        assert len(setting.server.received) == 1
        assert await setting.used() == (0, 0)


async def test_a_too_long_context_is_not_tried_again(tmp_path: Path) -> None:
    async with metering(tmp_path, [Reply(status=413, body="{}")]) as setting:
        with pytest.raises(ContextTooLong):
            await setting.model.complete(account(), asking("hi"))
        assert len(setting.server.received) == 1


async def test_retry_after_is_obeyed(tmp_path: Path) -> None:
    replies = [
        Reply(status=429, body="{}", headers={"Retry-After": "0.3"}),
        Reply(text="ok"),
    ]
    async with metering(tmp_path, replies) as setting:
        await setting.model.complete(account(), asking("hi"))
        first, second = setting.server.received
        assert second.at - first.at >= 0.3


async def test_a_long_retry_after_is_left_to_the_caller(tmp_path: Path) -> None:
    replies = [Reply(status=429, body="{}", headers={"Retry-After": "60"})]
    async with metering(tmp_path, replies) as setting:
        with pytest.raises(ModelUnreachable) as caught:
            await setting.model.complete(account(), asking("hi"))
        assert caught.value.retry_after_s == 60
        assert len(setting.server.received) == 1


async def test_a_parameter_the_server_does_not_know_is_left_out_at_once(tmp_path: Path) -> None:
    def script(received: Received) -> Reply:
        if "max_completion_tokens" in received.body:
            return Reply(status=400, body='{"error": {"message": "max_completion_tokens?"}}')
        return Reply(text="ok", usage=(3, 4))

    once = Retries(tries=1, first_s=9.0, longest_s=9.0)
    async with metering(tmp_path, script, retries=once) as setting:
        assert (await setting.model.complete(account(), asking("hi"))).text == "ok"
        assert await setting.used() == (7, 0)


async def test_a_retried_stream_does_not_repeat_what_was_heard(tmp_path: Path) -> None:
    text = "one two three four"
    replies = [Reply(text=text, cut_after=3), Reply(text=text, piece_latency_s=0.05)]
    heard: list[str] = []
    async with metering(tmp_path, replies) as setting:
        await setting.model.complete(account(), asking("hi"), heard.append)
    # But for what came with the end of the second.
    assert text.startswith("".join(heard))
    assert heard[0] != "one two three four"


async def test_usage_above_the_bound_is_recorded(tmp_path: Path) -> None:
    async with metering(tmp_path, [Reply(text="ok", usage=(90_000, 1))]) as setting:
        await setting.model.complete(account(), asking("hi"))
        assert await setting.used() == (90_001, 0)


async def test_64_calls_at_once_stay_within_the_budget(tmp_path: Path) -> None:
    limits = Limits(per_channel_day=most(10 * BOUND))

    def script(_: Received) -> Reply:
        return Reply(text="ok", usage=None, latency_s=0.2)

    async with metering(tmp_path, script, limits=limits) as setting:
        calls = [
            setting.model.complete(account(f"job:{number}"), asking("hi")) for number in range(64)
        ]
        ends = await asyncio.gather(*calls, return_exceptions=True)
        assert sum(isinstance(end, BudgetExceeded) for end in ends) == 54
        assert len(setting.server.received) == 10


def test_waits_grow_to_the_longest_and_then_end() -> None:
    retries = Retries(tries=5, first_s=1.0, longest_s=3.0)
    for failed, low, high in ((1, 0.5, 1.0), (2, 1.0, 2.0), (3, 1.5, 3.0), (4, 1.5, 3.0)):
        wait_s = retries.wait_s(failed, None)
        assert wait_s is not None
        assert low <= wait_s <= high
    assert retries.wait_s(5, None) is None
    assert retries.wait_s(1, 2.5) == 2.5
    assert retries.wait_s(1, 3.5) is None


def test_a_server_that_has_used_the_patience_up_is_not_tried_again() -> None:
    retries = Retries(tries=5, first_s=1.0, longest_s=3.0, patience_s=20.0)
    assert retries.wait_s(1, None, 19.0) is not None
    assert retries.wait_s(1, None, 21.0) is None


async def test_a_server_that_hangs_for_longer_than_the_patience_is_asked_once(
    tmp_path: Path,
) -> None:
    impatient = Retries(tries=3, first_s=0.0, longest_s=0.5, patience_s=0.1)
    script = [Reply(hang=True), Reply(text="too late")]
    async with metering(tmp_path, script, retries=impatient, timeout_s=0.2) as setting:
        with pytest.raises(ModelUnreachable):
            await setting.model.complete(account(), asking("hi"))
        assert len(setting.server.received) == 1
        assert await setting.used() == (BOUND, 0)


def test_the_tries_of_one_call_take_ten_seconds_at_most() -> None:
    for retries in (TURN, JOB):
        assert retries.tries * retries.longest_s <= 10
