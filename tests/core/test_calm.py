"""What can wait goes on where few messages come or rounds are short, and always in time."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import ExitStack
from typing import Any

from core.calm import BUSY_S, FEW, LONGEST_S, calm, pressing
from core.turnstile import Turnstile


class Rounds(asyncio.SelectorEventLoop):
    """A loop on which no time goes by, but what `busy` rounds take. It counts its rounds."""

    def __init__(self) -> None:
        super().__init__()
        self.at = 0.0
        self.rounds = 0
        self.busy: Callable[[], bool] = lambda: False
        self.call_soon(self._round)

    def time(self) -> float:
        """Seconds, as the test makes them."""
        return self.at

    def _round(self) -> None:
        self.rounds += 1
        if self.busy():
            self.at += 2 * BUSY_S
        if not self.is_closed():
            self.call_soon(self._round)


def on(loop: Rounds, work: Coroutine[Any, Any, None], messages: int = FEW + 1) -> None:
    """Run to the end while so many messages are on their way in."""

    async def among_messages() -> None:
        with ExitStack() as all_of_them:
            for _ in range(messages):
                all_of_them.enter_context(pressing())
            await work

    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.run(among_messages())


def test_while_few_messages_come_nobody_waits_for_anything() -> None:
    loop = Rounds()
    loop.busy = lambda: True

    async def at_once() -> None:
        before = loop.rounds
        for _ in range(10):
            await calm()
        assert loop.rounds == before

    on(loop, at_once(), FEW)


def test_when_the_messages_are_in_all_go_on() -> None:
    loop, went = Rounds(), list[float]()
    loop.busy = lambda: True

    async def one() -> None:
        await calm()
        went.append(loop.at)

    async def all_of_them() -> None:
        with pressing():
            waiting = [asyncio.create_task(one()) for _ in range(20)]
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            assert not went
        await asyncio.gather(*waiting)

    on(loop, all_of_them(), FEW)
    assert max(went) < LONGEST_S / 2


def test_on_a_loop_at_rest_one_goes_on_in_each_round_in_their_order() -> None:
    loop, went = Rounds(), list[tuple[str, int]]()

    async def one(name: str) -> None:
        await calm()
        went.append((name, loop.rounds))

    async def all_of_them() -> None:
        await asyncio.gather(*map(one, "abcde"))

    on(loop, all_of_them())
    assert [name for name, _ in went] == list("abcde")
    assert len({at for _, at in went}) == 5


def test_while_rounds_are_long_nobody_goes_on() -> None:
    loop = Rounds()
    loop.busy = lambda: loop.rounds < 8

    async def wait() -> None:
        await calm()
        assert loop.rounds >= 8
        assert 6 * 2 * BUSY_S <= loop.at < LONGEST_S

    on(loop, wait())


def test_where_the_loop_never_rests_all_go_on_when_they_have_waited_long_enough() -> None:
    loop, went = Rounds(), list[float]()
    loop.busy = lambda: True

    async def one() -> None:
        await calm()
        went.append(loop.at)

    async def all_of_them() -> None:
        await asyncio.gather(*(one() for _ in range(30)))

    on(loop, all_of_them())
    assert min(went) >= LONGEST_S
    assert max(went) < LONGEST_S + 10 * BUSY_S


def test_who_is_cancelled_takes_nobody_s_turn_and_comes_back_to_nobody() -> None:
    loop = Rounds()

    async def some_are_cancelled() -> None:
        waiting = [asyncio.create_task(calm()) for _ in range(10)]
        await asyncio.sleep(0)
        for task in waiting[:9]:
            task.cancel()
        before = loop.rounds
        await waiting[9]
        assert loop.rounds - before < 5
        await calm()

    on(loop, some_are_cancelled())


def test_a_turn_that_is_called_off_while_it_waits_for_rest_leaves_its_place() -> None:
    loop, turnstile = Rounds(), Turnstile(1)

    async def turn() -> None:
        async with turnstile.passing():
            pass

    async def called_off() -> None:
        loop.busy = lambda: True
        first = asyncio.create_task(turn())
        for _ in range(3):
            await asyncio.sleep(0)
        taken = not turnstile.free
        first.cancel()
        await asyncio.wait([first])
        assert (taken, turnstile.free) == (True, True)

    on(loop, called_off())
