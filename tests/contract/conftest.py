"""The stages of the contract: one bot for each platform, as long as the package's tests run."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
import pytest_asyncio

from tests.contract.theatre import Theatre, program


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def theatre(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Theatre]:
    async with AsyncExitStack() as stack:
        made = Theatre(tmp_path_factory.mktemp("contract"), program(request), stack)
        yield made
        await made.end()
