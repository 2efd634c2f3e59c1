"""Long lives side by side, each the verdict of one test: bots mostly wait, and cores are many."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

AT_ONCE = 4


class SideBySide:
    """Lives of the parameters, each begun when its verdict is asked for or is among the next."""

    def __init__(
        self, parameters: Sequence[object], life: Callable[[object], Coroutine[object, object, str]]
    ) -> None:
        self._parameters = list(parameters)
        self._life = life
        self._running: dict[object, asyncio.Task[str]] = {}

    async def verdict(self, parameter: object) -> str:
        """What the life of this parameter ended with, once it has."""
        now = self._parameters.index(parameter)
        for each in self._parameters[now : now + AT_ONCE]:
            if each not in self._running:
                self._running[each] = asyncio.create_task(self._life(each), name=str(each))
        return await self._running[parameter]

    async def end(self) -> None:
        """End the lives that nobody asks for any more: another worker has taken their tests."""
        for task in self._running.values():
            task.cancel()
        await asyncio.gather(*self._running.values(), return_exceptions=True)


def living(argument: str, life: Callable[[Path, Any], Coroutine[object, object, str]]) -> Any:
    """A fixture for a module: the lives of this parameter's values in the tests that are going to
    run, in the order in which they are going to be asked for. `life` is given a folder for all."""

    @pytest_asyncio.fixture(scope="module", loop_scope="module")
    async def lives(
        request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
    ) -> AsyncIterator[SideBySide]:
        running = SideBySide(
            _selected(request, argument), partial(life, tmp_path_factory.mktemp("bots"))
        )
        yield running
        await running.end()

    return lives


def _selected(request: pytest.FixtureRequest, argument: str) -> list[object]:
    """The values of a parameter in those tests of the requesting module that are going to run."""
    items = (item for item in request.session.items if item.path == request.path)
    calls = (item.callspec for item in items if hasattr(item, "callspec"))
    return [call.params[argument] for call in calls if argument in call.params]
