"""A budget that is nearly used up is told of, and only then is it looked at."""

from pathlib import Path

import pytest

from core.model.amounts import Limit
from core.model.pots import Limits
from tests.core.model.chats import account
from tests.core.model.ledgers import NOON, keeping, money, most, tokens


async def test_a_pot_is_scarce_when_few_more_calls_fit(tmp_path: Path) -> None:
    mine = account(budget=1000)
    async with keeping(tmp_path, Limits(per_month=Limit(nanos=100))) as ledger:
        assert await ledger.scarce(mine, "tiny", money(50, 1), NOON) is None
        assert await ledger.scarce(mine, "tiny", money(334, 1), NOON) is not None
        words = await ledger.scarce(mine, "tiny", money(1, 34), NOON)
        assert words == "$0.0000001 of $0.0000001 for everybody, this month"
        await ledger.settle(await ledger.reserve(mine, "tiny", money(901, 1), NOON), None)
        words = await ledger.scarce(mine, "tiny", money(1, 1), NOON)
        assert words == "99 tokens of 1,000 tokens for this job"


async def test_what_others_take_makes_a_pot_scarce_that_had_plenty(tmp_path: Path) -> None:
    async with keeping(tmp_path, Limits(per_month=most(1000))) as ledger:
        await ledger.settle(await ledger.reserve(account("job:1"), "tiny", tokens(5), NOON), None)
        assert await ledger.scarce(account("job:1"), "tiny", tokens(5), NOON) is None
        await ledger.admit(account("job:2"), "tiny", tokens(900), NOON)
        assert await ledger.scarce(account("job:1"), "tiny", tokens(30), NOON) is None
        await ledger.reserve(account("job:3"), "tiny", tokens(70), NOON)
        words = await ledger.scarce(account("job:1"), "tiny", tokens(30), NOON)
        assert words == "25 tokens of 1,000 tokens for everybody, this month"


async def test_a_pot_that_was_seen_to_have_plenty_is_not_looked_at_again(tmp_path: Path) -> None:
    mine = account("job:1", budget=100_000)
    async with keeping(tmp_path, Limits(per_month=most(100_000))) as ledger:
        await ledger.settle(await ledger.reserve(mine, "tiny", tokens(5), NOON), tokens(5))
        await ledger.charged("job:1")
        await ledger._database.close()
        assert await ledger.scarce(mine, "tiny", tokens(5), NOON) is None
        with pytest.raises(ValueError, match="closed"):
            await ledger.scarce(mine, "tiny", tokens(50_000), NOON)
