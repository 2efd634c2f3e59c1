"""Notices an event loop that is held and says where. Ends nothing; hardly wakes up at rest."""

import asyncio
import sys
import threading
import time
import traceback
from types import FrameType

import structlog

log = structlog.get_logger(__name__)

HELD_S = 0.25
_EVERY_S = 1.0
# A question wakes two threads, up to three times each. An idle bot wakes none more than once a
# second, so each question that finds it idle doubles the wait for the next.
_REST = 4
# A loop that is at work is asked again soon: what holds it comes in rows.
_BUSY_S = 0.2
_BUSY = 0.05
_IDLE = 0.005
_MOST_FRAMES = 12


class Watchdog:
    """A thread that asks the loop for a sign of life. A hold that begins and ends between two
    questions is not seen: at rest up to four seconds lie between them, at work a fifth of one."""

    def __init__(self, *, held_s: float = HELD_S, every_s: float = _EVERY_S) -> None:
        self._held_s = held_s
        self._every_s = every_s
        self.holds = 0
        self.held_s = 0.0
        self.longest_s = 0.0
        self._loop = asyncio.get_running_loop()
        self._loop_thread = threading.get_ident()
        self._ended = threading.Event()
        self._alive = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    def start(self) -> None:
        """Begin to watch the loop that runs now."""
        self._thread.start()

    def stop(self) -> None:
        """End, without waiting."""
        self._ended.set()
        self._alive.set()

    def _watch(self) -> None:
        wait_s, used = self._every_s, time.process_time()
        while not self._ended.wait(wait_s):
            self._ask()
            now = time.process_time()
            share, used = (now - used) / wait_s, now
            wait_s = self._next(wait_s, share)

    def _next(self, wait_s: float, share: float) -> float:
        """How long to wait after `wait_s` in which the process used this share of a core."""
        if share > _BUSY:
            return min(_BUSY_S, self._every_s)
        if share > _IDLE:
            return self._every_s
        return min(max(2 * wait_s, self._every_s), _REST * self._every_s)

    def _ask(self) -> None:
        self._alive.clear()
        asked = time.monotonic()
        try:
            self._loop.call_soon_threadsafe(self._alive.set)
        except RuntimeError:
            return  # the loop is closed
        if self._alive.wait(self._held_s):
            return
        where = _where(sys._current_frames().get(self._loop_thread))  # noqa: SLF001 - the documented way
        log.warning("the event loop is held", for_s=round(self._held_s, 3), where=where)
        self._alive.wait()
        if self._ended.is_set():
            return
        held = time.monotonic() - asked
        self.holds += 1
        self.held_s += held
        self.longest_s = max(self.longest_s, held)
        log.warning("the event loop goes on", held_s=round(held, 3))


def _where(frame: FrameType | None) -> str:
    """The innermost calls, outermost first: places only, no values."""
    if frame is None:
        return ""
    calls = traceback.extract_stack(frame, limit=None)[-_MOST_FRAMES:]
    return " > ".join(f"{call.filename}:{call.lineno} {call.name}" for call in calls)
