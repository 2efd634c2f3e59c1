"""The metered model in money: what calls cost, whatever servers say of their usage."""

from pathlib import Path

import pytest

from core.errors import BudgetExceeded
from core.model.amounts import Amount, Limit
from core.model.pots import Limits
from core.model.prices import Price, Rates
from tests.core.model.chats import account, asking
from tests.core.model.ledgers import most
from tests.core.model.metering import BOUND, PRICE, Market, metering
from tests.emulators.model import Received, Reply


async def test_cached_tokens_are_charged_at_their_own_price(tmp_path: Path) -> None:
    reply = Reply(text="ok", raw_usage=_usage(cached_tokens=90))
    async with metering(tmp_path, [reply], market=Market()) as setting:
        said = await setting.model.complete(account(), asking("hi"))
        cost = 10 * 1000 + 90 * 100 + 50 * 5000
        assert said.cost == cost
        await setting.model.close()
        assert await setting.model.charged("job:1") == Amount(tokens=150, nanos=cost)


async def test_a_call_is_settled_at_the_price_it_was_reserved_at(tmp_path: Path) -> None:
    market = Market()

    def script(_: Received) -> Reply:
        market.price = Price(rates=(Rates(input=10**12, cached=0, written=0, output=10**12),))
        return Reply(text="ok", usage=(20, 5))

    async with metering(tmp_path, script, market=market) as setting:
        said = await setting.model.complete(account(), asking("hi"))
        assert said.cost == 20 * 1000 + 5 * 5000


@pytest.mark.parametrize(
    "usage",
    [
        None,
        {"prompt_tokens": -5, "completion_tokens": 5},
        {"prompt_tokens": "20", "completion_tokens": "5"},
        {"prompt_tokens": True, "completion_tokens": 5},
        {"prompt_tokens": 20},
        {"prompt_tokens": 10**30, "completion_tokens": 1},
        {"prompt_tokens": 0, "completion_tokens": 0},
        {"prompt_tokens": 1.5, "completion_tokens": 1},
        "25 tokens",
    ],
)
async def test_usage_that_cannot_be_believed_is_charged_at_the_bound(
    tmp_path: Path, usage: object
) -> None:
    reply = Reply(text="ok", raw_usage=usage, usage=None)
    async with metering(tmp_path, [reply], market=Market()) as setting:
        said = await setting.model.complete(account(), asking("hi"))
        most_of_it = PRICE.bound(BOUND - 100, 100)
        assert said.cost == most_of_it
        assert await setting.used() == (BOUND, 0)
        assert (await setting.model.charged("job:1")).nanos == most_of_it


@pytest.mark.parametrize("cached", [-1, "90", True, None, 10**40, [90]])
async def test_a_count_of_cached_tokens_that_is_none_is_none(
    tmp_path: Path, cached: object
) -> None:
    reply = Reply(text="ok", raw_usage=_usage(cached_tokens=cached))
    async with metering(tmp_path, [reply], market=Market()) as setting:
        said = await setting.model.complete(account(), asking("hi"))
        assert said.cost == 100 * 1000 + 50 * 5000


async def test_a_call_over_a_limit_of_money_is_not_made(tmp_path: Path) -> None:
    limits = Limits(per_month=Limit(nanos=PRICE.bound(BOUND - 100, 100) - 1))
    async with metering(tmp_path, [Reply(text="ok")], limits=limits, market=Market()) as setting:
        with pytest.raises(BudgetExceeded, match=r"\$"):
            await setting.model.complete(account(), asking("hi"))
        assert not setting.server.received


async def test_a_cut_stream_and_its_retry_are_each_paid_for(tmp_path: Path) -> None:
    replies = [Reply(text="one two three", cut_after=1), Reply(text="ok", usage=(20, 5))]
    heard: list[str] = []
    async with metering(tmp_path, replies, market=Market()) as setting:
        await setting.model.complete(account(), asking("hi"), heard.append)
        await setting.model.close()
        charged = await setting.model.charged("job:1")
        once = 20 * 1000 + 5 * 5000
        assert charged == Amount(tokens=BOUND + 25, nanos=PRICE.bound(BOUND - 100, 100) + once)


async def test_a_job_that_is_let_in_may_be_released_before_it_asked(tmp_path: Path) -> None:
    limits = Limits(per_month=most(100))
    async with metering(tmp_path, [], limits=limits) as setting:
        await setting.model.admit(account(), "tiny", 60, 20)
        with pytest.raises(BudgetExceeded):
            await setting.model.admit(account("job:2"), "tiny", 20, 1)
        setting.model.release("job:1")
        assert await setting.used() == (0, 0)
        await setting.model.admit(account("job:2"), "tiny", 99, 1)


async def test_what_is_left_is_told_when_few_calls_fit(tmp_path: Path) -> None:
    async with metering(tmp_path, []) as setting:
        assert await setting.model.scarce(account(budget=3 * BOUND), asking("hi")) is None
        words = await setting.model.scarce(account(budget=3 * BOUND - 1), asking("hi"))
        assert words == f"{3 * BOUND - 1:,} tokens of {3 * BOUND - 1:,} tokens for this job"


def _usage(**details: object) -> object:
    reasoning = {"reasoning_tokens": 40}
    return {
        "prompt_tokens": 100, "completion_tokens": 50, "total_tokens": 150,
        "prompt_tokens_details": details, "completion_tokens_details": reasoning,
    }  # fmt: skip
