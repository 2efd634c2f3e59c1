import subprocess
import sys

from core.subagents.sandbox.tree import descendants, kill_all
from tests.core.subagents.host import runs

# Each says "up" when it is there: a shell with two, and one that nobody waits for.
FOSTER = """
import ctypes, os, subprocess
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
one = "setsid sh -c 'echo up; exec sleep 1000' &"
subprocess.Popen(["sh", "-c", f"{one} {one} wait"])
subprocess.run(["sh", "-c", "(setsid sh -c 'echo up; sleep 1000; true' &) & exit 0"])
while True:  # whoever ends in between is one that only started another
    os.waitpid(-1, 0)
"""


def test_everything_below_a_process_is_found_and_killed_however_it_hides() -> None:
    process = subprocess.Popen([sys.executable, "-c", FOSTER], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert [process.stdout.readline() for _ in range(3)] == [b"up\n"] * 3
    below = descendants(process.pid)
    assert len(below) >= 4
    kill_all(process.pid)
    assert process.wait(60) == -9
    assert not [pid for pid in below if runs(pid)]
    process.stdout.close()


def test_nothing_is_below_a_process_that_is_gone() -> None:
    process = subprocess.Popen(["true"])
    process.wait()
    assert descendants(process.pid) == []
    kill_all(process.pid)  # and this harms nobody
