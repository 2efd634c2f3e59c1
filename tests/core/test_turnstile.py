"""Few turns at work at the same moment, and nobody waits for one that does not get on."""

import asyncio
from collections.abc import Callable

import pytest

from core.errors import ModelUnreachable
from core.model.chat import ChatMessage, ModelReply, ModelRequest
from core.turnstile import Aside, Turnstile

REQUEST = ModelRequest(
    model="m", messages=(ChatMessage(role="user", text="x"),), tools=(), max_completion_tokens=9
)
LONG_S = 60.0


class Slow:
    """A model that answers when it is let; `asked` counts who asks it now."""

    def __init__(self, *, fails: bool = False) -> None:
        self.let = asyncio.Event()
        self.asked = asyncio.Semaphore(0)
        self._fails = fails

    async def complete(
        self, request: ModelRequest, on_text: Callable[[str], None] | None = None
    ) -> ModelReply:
        """See the port."""
        self.asked.release()
        await self.let.wait()
        if self._fails:
            raise ModelUnreachable("gone")
        return ModelReply(text=request.model, tool_calls=(), usage=None, finish="stop")


class Turns:
    """Turns of a test: the names of those that have begun, and which may end."""

    def __init__(self, turnstile: Turnstile) -> None:
        self.begun: list[str] = []
        self.ended = asyncio.Event()
        self._turnstile = turnstile
        self._moved = asyncio.Condition()

    async def work(self, name: str) -> None:
        """One turn."""
        async with self._turnstile.passing():
            async with self._moved:
                self.begun.append(name)
                self._moved.notify_all()
            await self.ended.wait()

    async def have_begun(self, *names: str) -> None:
        """Return when these have begun."""
        async with asyncio.timeout(60), self._moved:
            await self._moved.wait_for(lambda: set(names) <= set(self.begun))


async def turns_have_done_what_they_can() -> None:
    """Whoever need not wait for anything but its turn on the loop has gone on by then."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_only_so_many_work_at_once_and_the_others_follow_in_their_order() -> None:
    turns = Turns(Turnstile(2, LONG_S))
    async with asyncio.TaskGroup() as group:
        for number in range(5):
            group.create_task(turns.work(str(number)))
        await turns_have_done_what_they_can()
        assert turns.begun == ["0", "1"]
        turns.ended.set()
    assert turns.begun == ["0", "1", "2", "3", "4"]


async def test_one_that_waits_for_its_model_makes_way_and_comes_back_into_the_line() -> None:
    turnstile, slow = Turnstile(1, LONG_S), Slow()
    turns, answered = Turns(turnstile), asyncio.Event()

    async def asking() -> None:
        async with turnstile.passing():
            assert (await Aside(slow).complete(REQUEST)).text == REQUEST.model
            answered.set()

    async with asyncio.TaskGroup() as group:
        group.create_task(asking())
        await slow.asked.acquire()
        group.create_task(turns.work("other"))
        await turns.have_begun("other")
        slow.let.set()
        await turns_have_done_what_they_can()
        assert not answered.is_set()
        turns.ended.set()
    assert answered.is_set()


async def test_one_whose_file_is_held_up_holds_up_nobody() -> None:
    turns = Turns(Turnstile(1, 0.01))
    async with asyncio.TaskGroup() as group:
        group.create_task(turns.work("held up"))
        group.create_task(turns.work("next"))
        await turns.have_begun("next")
        turns.ended.set()


@pytest.mark.parametrize("begun", [True, False])
async def test_one_that_is_called_off_leaves_its_place_to_the_next(begun: bool) -> None:
    turns = Turns(Turnstile(1, LONG_S))
    first = asyncio.create_task(turns.work("first"))
    second = asyncio.create_task(turns.work("second"))
    third = asyncio.create_task(turns.work("third"))
    await turns.have_begun("first")
    gone = first if begun else second
    gone.cancel()
    turns.ended.set()
    await asyncio.gather(first, second, third, return_exceptions=True)
    assert gone.cancelled()
    assert turns.begun == (["first", "second", "third"] if begun else ["first", "third"])


async def test_one_whose_model_fails_has_no_place_any_more() -> None:
    turnstile, slow = Turnstile(1, LONG_S), Slow(fails=True)
    slow.let.set()
    async with turnstile.passing():
        with pytest.raises(ModelUnreachable):
            await Aside(slow).complete(REQUEST)
    async with asyncio.timeout(60), turnstile.passing():
        pass


async def test_what_is_no_turn_asks_its_model_at_once() -> None:
    slow, turns = Slow(), Turns(Turnstile(1, LONG_S))
    slow.let.set()
    working = asyncio.create_task(turns.work("turn"))
    await turns.have_begun("turn")
    async with asyncio.timeout(60):
        assert (await Aside(slow).complete(REQUEST)).text == REQUEST.model
    turns.ended.set()
    await working


async def test_what_a_turn_has_started_takes_no_place_after_its_end() -> None:
    turnstile, slow = Turnstile(1, LONG_S), Slow()
    async with turnstile.passing():
        started = asyncio.create_task(Aside(slow).complete(REQUEST))
        await slow.asked.acquire()
    slow.let.set()
    await started
    async with asyncio.timeout(60), turnstile.passing():
        pass
