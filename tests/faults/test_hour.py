"""An hour without a platform, in virtual time: how often it is tried meanwhile, and how what has
waited goes out afterwards. With real sockets, for seconds: test_outage.py."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from itertools import groupby
from pathlib import Path

import pytest

from core.errors import DeliveryFailed
from core.messages import ChannelRef, Hint, Outbound, Post, PostKind, ThreadRef
from core.outbox import Outbox
from core.records import outbox as rows
from core.state import database
from core.state.channels import Channels
from core.tasks import Tasks
from tests.simulation.disk import Disk
from tests.simulation.loop import SimulatedLoop, bury

HOUR_S = 3600.0
POSTS = 2
THREADS = 60
# A pause lasts a minute at most, give or take a fifth.
LONGEST_S = 72.0
# So many threads begin again in a second, each with what it has.
WAKES_S = 50


class Away:
    """A platform that takes nothing for an hour, and then everything."""

    def __init__(self) -> None:
        self.tried: list[tuple[float, ThreadRef]] = []
        self.taken: list[tuple[float, Outbound]] = []
        self.moved: Callable[[], None] = lambda: None

    async def deliver(self, item: Outbound) -> None:
        now = asyncio.get_running_loop().time()
        if now < HOUR_S:
            self.tried.append((now, item.thread))
            raise DeliveryFailed("nothing can be reached")
        await asyncio.sleep(0.05)
        self.taken.append((asyncio.get_running_loop().time() - HOUR_S, item))
        self.moved()

    async def show(self, hint: Hint) -> None:
        """Nobody looks."""


def waited(folder: Path, threads: int) -> Away:
    """What so many threads saw of it, each with some posts from the beginning of the hour on."""
    state = random.getstate()
    random.seed(5)  # the pauses are random
    chance, platform = random.Random(7), Away()
    loop = SimulatedLoop(chance, 0.0, 0.0, 0.001, most=2_000_000)
    disk = Disk(folder, chance, lambda line: None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "connect", disk.connect)
        patch.setattr(time, "monotonic", loop.time)
        main = loop.create_task(_live(folder, platform, threads))
        loop.run_forever()
    random.setstate(state)
    assert (main.done(), loop.complaints) == (True, [])
    main.result()
    loop.dead = True
    bury(loop)
    disk.crash()
    return platform


async def _live(folder: Path, platform: Away, threads: int) -> None:
    tasks, channels, whole = Tasks(), Channels(folder), asyncio.Event()
    outbox = Outbox(channels, {"world": platform}, tasks.spawn)

    def moved() -> None:
        if len(platform.taken) == threads * POSTS:
            whole.set()

    platform.moved = moved
    for number in range(threads):
        place = ChannelRef(platform="world", workspace="w", channel=f"c{number % 10}")
        thread = ThreadRef(channel=place, thread=f"t{number}")
        for count in range(POSTS):
            post = Post(
                id=f"{number}.{count}", thread=thread, kind=PostKind.ANSWER, text="x", at=0.0
            )
            await channels.write(place, partial(rows.put, item=post))
        outbox.kick(thread)
    await whole.wait()
    await tasks.close()
    await channels.close()


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Away:
    """What many threads saw of it."""
    return waited(tmp_path_factory.mktemp("hour"), THREADS)


def test_each_thread_tries_about_once_a_minute_and_not_all_at_once(many: Away) -> None:
    tries = Counter(thread for _, thread in many.tried)
    assert len(tries) == THREADS
    # Some eight in the first minutes, at growing distances, and then one a minute.
    assert 55 <= min(tries.values()) <= max(tries.values()) <= 90
    late = Counter(int(at) for at, _ in many.tried if at > 600)
    assert max(late.values()) <= THREADS / 6


def test_what_waited_goes_out_within_seconds_in_order_once_and_in_no_flood(many: Away) -> None:
    items = sorted(many.taken, key=lambda one: (one[1].thread.thread, one[0]))
    for thread, of_thread in groupby(items, key=lambda one: one[1].thread.thread):
        ids = [item.id for _, item in of_thread]
        assert ids == [f"{thread[1:]}.{count}" for count in range(POSTS)]
    assert len(items) == THREADS * POSTS
    moments = sorted(at for at, _ in many.taken)
    # Who tries next finds it well, and wakes the others.
    assert moments[-1] <= 2 * LONGEST_S / THREADS + THREADS / WAKES_S + 1.0
    for first in moments:
        assert sum(first <= at < first + 1.0 for at in moments) <= 1.3 * WAKES_S * POSTS


def test_one_thread_alone_is_served_at_the_end_of_its_pause(tmp_path: Path) -> None:
    platform = waited(tmp_path, 1)
    assert len(platform.taken) == POSTS
    assert max(at for at, _ in platform.taken) <= LONGEST_S + 1.0
