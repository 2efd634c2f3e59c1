"""Under what conditions figures were measured: what the machine is, and who else used it."""

import os
import platform
import shutil
import sqlite3
import subprocess
import time
from importlib.metadata import version
from pathlib import Path

_LIBRARIES = ("aiohttp", "openai", "pydantic")


def conditions() -> dict[str, str]:
    """What the figures depend on, in words; the load average is that of before the measuring."""
    one, five, _ = os.getloadavg()
    return {
        "cores": str(len(os.sched_getaffinity(0))),
        "processor": _processor(),
        "memory": _memory(),
        "kernel": platform.release(),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "sqlite": sqlite3.sqlite_version,
        "libraries": ", ".join(f"{name} {version(name)}" for name in _LIBRARIES),
        "bubblewrap": _bubblewrap(),
        "user": "root" if os.geteuid() == 0 else "not root",
        "load before": f"{one:.2f} (1 min), {five:.2f} (5 min)",
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _memory() -> str:
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return f"{pages / 2**30:.1f} GB"


def _bubblewrap() -> str:
    if shutil.which("bwrap") is None:
        return "none"
    ran = subprocess.run(["bwrap", "--version"], capture_output=True, text=True, check=False)
    return ran.stdout.strip().removeprefix("bubblewrap ")


class Others:
    """How much processor time others have used since this was made."""

    def __init__(self) -> None:
        self._busy = _busy_s()
        self._own = _own_s()
        self._at = time.monotonic()

    def cores(self) -> float:
        """The cores that others had on average: other virtual machines too, as far as is known.

        What this program started and did not live to collect counts as others'.
        """
        took = time.monotonic() - self._at
        busy, own = _busy_s() - self._busy, _own_s() - self._own
        return max(0.0, (busy - own) / took) if took else 0.0


def _busy_s() -> float:
    """Seconds that all cores together were not idle since the machine's start."""
    line = Path("/proc/stat").read_text().split("\n", 1)[0]
    user, nice, system, _, _, irq, softirq, steal = (int(word) for word in line.split()[1:9])
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


def _own_s() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system
