"""Long lives side by side, each the verdict of one test: bots mostly wait, and cores are many."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager

import pytest

AT_ONCE = 4


class SideBySide:
    """Verdicts of lives that run already, by the parameter of the test that asks."""

    def __init__(self, running: dict[object, asyncio.Task[str]]) -> None:
        self._running = running

    async def verdict(self, parameter: object) -> str:
        """What the life of this parameter ended with, once it has."""
        return await self._running[parameter]


@asynccontextmanager
async def side_by_side(
    parameters: Sequence[object], life: Callable[[object], Coroutine[object, object, str]]
) -> AsyncIterator[SideBySide]:
    """Run a life for each parameter, a few at a time; those that nobody asks for are ended."""
    places = asyncio.Semaphore(AT_ONCE)

    async def placed(parameter: object) -> str:
        async with places:
            return await life(parameter)

    running = {each: asyncio.create_task(placed(each), name=str(each)) for each in parameters}
    yield SideBySide(running)
    for task in running.values():
        task.cancel()
    await asyncio.gather(*running.values(), return_exceptions=True)


def selected(request: pytest.FixtureRequest, argument: str) -> list[object]:
    """The values of a parameter in those tests of the requesting module that are going to run."""
    items = (item for item in request.session.items if item.path == request.path)
    calls = (item.callspec for item in items if hasattr(item, "callspec"))
    return [call.params[argument] for call in calls if argument in call.params]
