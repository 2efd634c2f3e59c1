"""Stories told on all platforms at once, each with a test of its own for its verdict."""

import asyncio
from collections.abc import Callable, Collection, Coroutine
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.contract.stage import VARIANTS, Stage, stage

Story = Callable[[Stage], Coroutine[None, None, None]]


class Theatre:
    """The stages of the variants that were selected; each is built when a story first needs it."""

    def __init__(self, within: Path, variants: Collection[str], stack: AsyncExitStack) -> None:
        self._within = within
        self._variants = variants
        self._stack = stack
        self._stages: dict[str, asyncio.Task[Stage]] = {}
        self._told: dict[tuple[str, str], asyncio.Task[None]] = {}

    async def verdict(self, story: Story, variants: Collection[str], variant: str) -> None:
        """Raise what the story ended with on this platform. Others hear it meanwhile."""
        for each in variants:
            key = (story.__qualname__, each)
            if each in self._variants and key not in self._told:
                self._told[key] = asyncio.create_task(self._tell(story, each), name=str(key))
        await self._told[story.__qualname__, variant]

    async def _tell(self, story: Story, variant: str) -> None:
        if variant not in self._stages:
            built = self._stack.enter_async_context(stage(variant, self._within))
            self._stages[variant] = asyncio.create_task(built, name=variant)
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
        async def test(variant: str, theatre: Theatre) -> None:
            await theatre.verdict(story, variants, variant)

        test.__name__, test.__qualname__ = story.__name__, story.__qualname__
        test.__module__, test.__doc__ = story.__module__, story.__doc__
        told = pytest.mark.asyncio(loop_scope="package")(test)
        shown: Callable[..., object] = pytest.mark.parametrize("variant", variants)(told)
        return shown

    return made


def selected(request: pytest.FixtureRequest) -> set[str]:
    """The variants of the tests of this package that are going to run."""
    here = Path(__file__).parent
    items = [item for item in request.session.items if item.path.is_relative_to(here)]
    calls = [item.callspec for item in items if hasattr(item, "callspec")]
    return {str(call.params["variant"]) for call in calls if "variant" in call.params}
