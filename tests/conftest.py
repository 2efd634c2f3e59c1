"""What every test shares: the parts of the system it may need, the profile of property tests."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from functools import cache

import pytest
from hypothesis import settings

IN_CI = os.environ.get("THAW_CI") == "1"
CHAOS = "THAW_CHAOS" in os.environ

# Each part is found out by using it: a program that is installed may still not work here.
PARTS: dict[str, Sequence[str]] = {
    "bubblewrap": ("bwrap", "--ro-bind", "/", "/", "--unshare-pid", "--unshare-net", "true"),
    "chromium": ("chromium", "--version"),
    "git": ("git", "--version"),
}

# A shared machine may pause for long, so a slow example is no failure; CI repeats the same ones.
settings.register_profile("thaw", deadline=None, derandomize=IN_CI, print_blob=True)
settings.load_profile("thaw")
# Each example is a whole history of a channel; `make chaos` plays many more, others each time.
settings.register_profile(
    "histories",
    settings.get_profile("thaw"),
    max_examples=1000 if CHAOS else 50,
    derandomize=IN_CI and not CHAOS,
)


@cache
def missing(part: str) -> str | None:
    """Say what is wrong with a part of the system, or None if it works."""
    command = PARTS[part]
    if shutil.which(command[0]) is None:
        return f"needs {part}, and {command[0]} is not installed; see make system"
    try:
        ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"needs {part}, and it does not start: {error}"
    if ended.returncode:
        return f"needs {part}, and it does not work here: {ended.stderr.strip()}"
    return None


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker in item.iter_markers("needs_system"):
        for part in marker.args:
            lack = missing(part)
            if lack and IN_CI:
                pytest.fail(lack, pytrace=False)
            if lack:
                pytest.skip(lack)
