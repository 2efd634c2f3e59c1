"""Threads that all files share: few, and more only while those are held up. Knows no files."""

import time
from collections.abc import Callable
from queue import Empty, SimpleQueue
from threading import Event, Thread, get_ident

# Work on a file takes a fraction of this, unless it is large or waits for another program.
HELD_UP_S = 0.005


class Threads:
    """Runs functions in the order given, each on whichever thread is free first.

    More threads at short work would only wait for each other's turn at the interpreter, so
    `usual` of them do it all. When each of them has been at one function for HELD_UP_S and
    another waits, a helper comes, up to `most` of them, and goes when nothing waits any more: what
    takes long delays what is short by no more than that. Threads are started by threads: to
    start one is to wait for it, which no event loop should.
    """

    def __init__(self, name: str, *, usual: int = 2, most: int = 64) -> None:
        self._name = name
        self._usual = usual
        self._most = most
        self._started = False
        self._waiting: SimpleQueue[Callable[[], object]] = SimpleQueue()
        self._called = Event()
        # Since when each thread is at its function, by the thread's id.
        self._begun: dict[int, float] = {}
        self._helpers: set[int] = set()

    def run(self, work: Callable[[], object]) -> None:
        """Run `work` soon, which must not raise. From any thread; waits for nothing."""
        self._waiting.put(work)
        if not self._started:
            self._started = True
            for _ in range(self._usual):
                self._start(self._work)
            self._start(self._stand_by)
        self._call_if_needed()

    def _start(self, what: Callable[[], None]) -> None:
        # Daemons, so that a program that dies of an error does not wait for them.
        Thread(target=what, name=self._name, daemon=True).start()

    def _work(self) -> None:
        while True:
            self._do(self._waiting.get())

    def _help(self) -> None:
        self._helpers.add(get_ident())
        try:
            while True:
                self._do(self._waiting.get_nowait())
        except Empty:
            self._helpers.discard(get_ident())
        # Whoever brought work just now may have seen one more thread free.
        self._call_if_needed()

    def _do(self, work: Callable[[], object]) -> None:
        self._begun[get_ident()] = time.monotonic()
        # Whoever brought the next work before that line has seen one more thread free.
        self._call_if_needed()
        try:
            work()
        finally:
            del self._begun[get_ident()]

    def _call_if_needed(self) -> None:
        if not self._called.is_set() and self._all_at_work() and not self._waiting.empty():
            self._called.set()

    def _all_at_work(self) -> bool:
        return len(self._begun) >= self._usual + len(self._helpers)

    def _stand_by(self) -> None:
        """Until it is needed; then another stands by, and this one helps."""
        while True:
            self._called.wait()
            time.sleep(HELD_UP_S)
            self._called.clear()
            if self._waiting.empty() or len(self._helpers) >= self._most:
                continue
            if self._all_held_up():
                break
            self._call_if_needed()
        self._start(self._stand_by)
        self._help()

    def _all_held_up(self) -> bool:
        since = list(self._begun.values())
        latest = time.monotonic() - HELD_UP_S
        return self._all_at_work() and all(begun <= latest for begun in since)
