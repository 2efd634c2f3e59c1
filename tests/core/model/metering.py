"""A metered model over the emulator and a real ledger. No assertions."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from core.model.bounds import Bounds
from core.model.budget import Ledger
from core.model.metered import Metered, Retries, unpriced
from core.model.openai_client import OpenAIModel
from core.model.pots import Limits
from core.model.prices import Price, Rates
from tests.core.model.chats import CHANNEL, asking
from tests.core.model.ledgers import NOON, keeping
from tests.emulators.model import ModelServer, Received, Reply

AT_ONCE = Retries(tries=3, first_s=0.0, longest_s=0.5)
BOUND = Bounds().measure("job:1", asking("hi")).bound
PRICE = Price(rates=(Rates(input=10**9, cached=10**8, written=10**9, output=5 * 10**9),))


class Market:
    """Prices that the test changes."""

    def __init__(self, price: Price | None = PRICE) -> None:
        self.price = price

    async def of(self, _model: str) -> Price | None:
        return self.price


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One metered model with all that is behind it."""

    model: Metered
    ledger: Ledger
    server: ModelServer

    async def used(self) -> tuple[int, int]:
        """Used and reserved this month, by all calls that have ended and those under way."""
        await self.model.close()
        line = (await self.ledger.spend(CHANNEL, None, NOON))[1]
        return line.used, line.reserved


@asynccontextmanager
async def metering(
    path: Path,
    script: Callable[[Received], Reply] | Sequence[Reply],
    *,
    limits: Limits | None = None,
    retries: Retries = AT_ONCE,
    market: Market | None = None,
    timeout_s: float = 20.0,
) -> AsyncIterator[Setting]:
    async with ModelServer(script) as server, keeping(path, limits) as ledger:
        client = OpenAIModel(
            base_url=server.base_url, key="k", key_env="MY_KEY", timeout_s=timeout_s
        )
        prices = market.of if market is not None else unpriced
        metered = Metered(client, ledger, retries=retries, prices=prices, clock=lambda: NOON)
        try:
            yield Setting(model=metered, ledger=ledger, server=server)
        finally:
            await metered.close()
            await client.close()
