import threading
import time
from collections.abc import Callable
from functools import partial
from threading import Condition, Event, Thread

from core.state.threads import HELD_UP_S, Threads

PATIENCE_S = 30.0


class Watched:
    """Threads whose works are counted: how many at once, on which threads, in which order."""

    def __init__(self, usual: int, most: int) -> None:
        self.threads = Threads("test", usual=usual, most=most)
        self.order: list[int] = []
        self.used: set[Thread] = set()
        self.now = self.peak = self.ended = 0
        self.moved = Condition()

    def give(self, count: int, work: Callable[[int], object]) -> None:
        """Run `work` so often, with its number."""
        for number in range(count):
            self.threads.run(partial(self._one, number, work))

    def wait(self, holds: Callable[[], bool]) -> None:
        """Return when that holds."""
        with self.moved:
            assert self.moved.wait_for(holds, PATIENCE_S)

    def _one(self, number: int, work: Callable[[int], object]) -> None:
        with self.moved:
            self.order.append(number)
            self.used.add(threading.current_thread())
            self.now += 1
            self.peak = max(self.peak, self.now)
            self.moved.notify_all()
        work(number)
        with self.moved:
            self.now -= 1
            self.ended += 1
            self.moved.notify_all()


def test_short_work_is_all_done_by_the_usual_threads_in_the_order_given() -> None:
    watched = Watched(usual=1, most=0)
    watched.give(500, lambda _: None)
    watched.wait(lambda: watched.ended == 500)
    assert watched.order == list(range(500))
    assert len(watched.used) == 1


def test_work_goes_on_while_all_usual_threads_are_held_up() -> None:
    threads, held, done = Threads("test", usual=2, most=3), Event(), Event()
    for _ in range(4):
        threads.run(lambda: held.wait(PATIENCE_S))
    threads.run(done.set)
    # Four wait for what comes only afterwards: two usual threads and two helpers.
    assert done.wait(PATIENCE_S)
    held.set()


def test_there_are_never_more_helpers_than_the_most() -> None:
    watched = Watched(usual=1, most=2)

    def work(_: int) -> None:
        watched.wait(lambda: watched.peak >= 3)
        time.sleep(2 * HELD_UP_S)

    watched.give(12, work)
    watched.wait(lambda: watched.ended == 12)
    assert watched.peak == 3


def test_a_helper_goes_when_nothing_waits() -> None:
    threads, held = Threads("test", usual=1, most=1), Event()
    helpers: list[Thread] = []
    came = Event()

    def note() -> None:
        helpers.append(threading.current_thread())
        came.set()

    threads.run(lambda: held.wait(PATIENCE_S))
    threads.run(note)
    assert came.wait(PATIENCE_S)
    helpers[0].join(PATIENCE_S)
    assert not helpers[0].is_alive()
    held.set()


def test_no_work_is_left_behind_when_helpers_come_and_go() -> None:
    watched = Watched(usual=1, most=4)
    for _ in range(20):
        # Some held up, some short, from two threads at once.
        other = Thread(target=watched.give, args=(20, lambda _: None))
        other.start()
        watched.give(6, lambda number: time.sleep(2 * HELD_UP_S if number % 3 == 0 else 0))
        other.join()
    watched.wait(lambda: watched.ended == 20 * 26)
