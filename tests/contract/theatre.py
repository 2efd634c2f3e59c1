"""Stories told on all platforms at once, each with a test of its own for its verdict."""

import asyncio
from collections.abc import Callable, Collection, Coroutine, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.contract.stage import VARIANTS, Stage, stage

Story = Callable[[Stage], Coroutine[None, None, None]]


# Stories mostly wait, so the next ones begin while one is awaited.
AHEAD = 3
_stories: dict[str, Story] = {}


class Theatre:
    """The stages of the variants that were selected; each is built when a story first needs it.

    `program` is what is going to be asked for, in order: names of stories, and variants.
    """

    def __init__(
        self, within: Path, program: Sequence[tuple[str, str]], stack: AsyncExitStack
    ) -> None:
        self._within = within
        self._program = program
        self._order = list(dict.fromkeys(name for name, _ in program))
        self._stack = stack
        self._stages: dict[str, asyncio.Task[Stage]] = {}
        self._told: dict[tuple[str, str], asyncio.Task[None]] = {}

    async def verdict(self, name: str, variant: str) -> None:
        """Raise what the story ended with on this platform. Others hear it meanwhile."""
        now = self._order.index(name)
        near = [key for key in self._program if key[0] in self._order[now : now + AHEAD]]
        for _, each in near:
            if each not in self._stages:
                built = self._stack.enter_async_context(stage(each, self._within))
                self._stages[each] = asyncio.create_task(built, name=each)
        for key in near:
            if key not in self._told:
                telling = self._tell(_stories[key[0]], key[1])
                self._told[key] = asyncio.create_task(telling, name=str(key))
        await self._told[name, variant]

    async def _tell(self, story: Story, variant: str) -> None:
        # A bot has seconds for some of what people are shown, and none of them while others start.
        await asyncio.wait(list(self._stages.values()))
        await story(await asyncio.shield(self._stages[variant]))

    async def end(self) -> None:
        """End the stories that nobody asks about any more."""
        for task in self._told.values():
            task.cancel()
        await asyncio.gather(*self._told.values(), return_exceptions=True)


def everywhere(*, but: Collection[str] = ()) -> Callable[[Story], Callable[..., object]]:
    """A story becomes a test for each platform, except those that have nothing of the kind."""
    variants = tuple(each for each in VARIANTS if each not in but)

    def made(story: Story) -> Callable[..., object]:
        name = f"{story.__module__}.{story.__name__}"
        _stories[name] = story

        async def test(variant: str, theatre: Theatre) -> None:
            await theatre.verdict(name, variant)

        test.__name__, test.__qualname__ = story.__name__, story.__qualname__
        test.__module__, test.__doc__ = story.__module__, story.__doc__
        told = pytest.mark.asyncio(loop_scope="package")(test)
        shown: Callable[..., object] = pytest.mark.parametrize("variant", variants)(told)
        return shown

    return made


def program(request: pytest.FixtureRequest) -> list[tuple[str, str]]:
    """The stories and variants of the tests that are going to run, in their order."""
    items = [item for item in request.session.items if isinstance(item, pytest.Function)]
    named = [(f"{item.module.__name__}.{item.originalname}", item) for item in items]
    return [
        (name, str(item.callspec.params["variant"])) for name, item in named if name in _stories
    ]
