"""What jobs weigh on the processor: little while they run, more at their start. Makes no group."""

from pathlib import Path
from threading import Lock

from core.subagents.sandbox.cgroup_files import put_if_there

FILE = "cpu.shares"
ORDINARY = 1024
"""What the kernel gives any group, and any program that somebody starts."""
RUNNING = ORDINARY // 4
"""All jobs together while none starts."""
FIRST = ORDINARY * 64
"""Among the jobs, one that starts: before all that run."""


class Weights:
    """Of the jobs' groups in one place, of the first version of control groups.

    While something starts there, the place weighs as much as the bot alone: with a quarter of that
    it would wait long on a machine that has other work (docs/decisions/0013). Groups may be gone
    at any time.
    """

    def __init__(self, place: Path) -> None:
        self._place = place
        self._lock = Lock()
        self._starting: set[Path] = set()
        self._weigh()

    def starts(self, group: Path) -> None:
        """Something is about to be started in this group of the place. Blocks."""
        put_if_there(group / FILE, FIRST)
        with self._lock:
            self._starting.add(group)
            self._weigh()

    def has_started(self, group: Path) -> None:
        """It has been started, or cannot be; may be called again. Blocks."""
        with self._lock:
            if group not in self._starting:
                return
            self._starting.remove(group)
            self._weigh()
        put_if_there(group / FILE, ORDINARY)

    def _weigh(self) -> None:
        put_if_there(self._place / FILE, ORDINARY if self._starting else RUNNING)
