import asyncio
from collections.abc import Awaitable

from adapters.discord.mailboxes import Mailboxes


class Tasks:
    """The asyncio tasks that were begun."""

    def __init__(self) -> None:
        self.begun: list[asyncio.Future[None]] = []

    def spawn(self, work: Awaitable[None], name: str) -> None:
        self.begun.append(asyncio.ensure_future(work))

    async def done(self) -> None:
        await asyncio.gather(*self.begun)


async def test_order_is_kept_under_a_key_and_keys_do_not_wait_for_each_other() -> None:
    tasks, gate, done = Tasks(), asyncio.Event(), list[str]()
    boxes = Mailboxes(tasks.spawn)

    async def work(name: str, wait: bool = False) -> None:
        if wait:
            await gate.wait()
        done.append(name)

    boxes.put("a", lambda: work("a1", wait=True))
    boxes.put("a", lambda: work("a2"))
    boxes.put("b", lambda: work("b1"))
    await tasks.begun[1]
    assert done == ["b1"]
    assert boxes.waiting == 1
    gate.set()
    await tasks.done()
    assert done == ["b1", "a1", "a2"]
    assert boxes.waiting == 0


async def test_one_that_breaks_does_not_stop_those_behind_it() -> None:
    tasks, done = Tasks(), list[int]()
    boxes = Mailboxes(tasks.spawn)

    async def work(number: int) -> None:
        if number == 1:
            raise ValueError("broken")
        done.append(number)

    for number in range(3):
        boxes.put("a", lambda number=number: work(number))  # type: ignore[misc]  # its own number
    await tasks.done()
    assert done == [0, 2]
