"""Under what conditions figures were measured. Measures none itself."""

import os
import platform
import shutil
import sqlite3
import subprocess
from importlib.metadata import version
from pathlib import Path

_LIBRARIES = ("aiohttp", "aiosqlite", "openai", "pydantic")


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
        "stolen before": f"{_stolen():.1f} % of the time since boot, by other virtual machines",
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


def _stolen() -> float:
    fields = [int(word) for word in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    return 100 * fields[7] / sum(fields)
