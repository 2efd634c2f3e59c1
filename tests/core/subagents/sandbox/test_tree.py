import subprocess
import sys

from core.subagents.sandbox.tree import descendants, kill_all
from tests.core.subagents.host import runs

FOSTER = (
    "import ctypes, os, subprocess, sys\n"
    "ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)\n"
    "subprocess.Popen(['sh', '-c', 'setsid sleep 1000 & setsid sleep 1000 & wait'])\n"
    "subprocess.run(['sh', '-c', '(setsid sh -c \"sleep 1000; true\" &) & exit 0'])\n"
    "print('ready', flush=True)\n"
    "os.waitpid(-1, 0)\n"
)


def test_everything_below_a_process_is_found_and_killed_however_it_hides() -> None:
    process = subprocess.Popen([sys.executable, "-c", FOSTER], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    below = descendants(process.pid)
    assert len(below) >= 4
    kill_all(process.pid)
    assert process.wait(10) == -9
    assert not [pid for pid in below if runs(pid)]
    process.stdout.close()


def test_nothing_is_below_a_process_that_is_gone() -> None:
    process = subprocess.Popen(["true"])
    process.wait()
    assert descendants(process.pid) == []
    kill_all(process.pid)  # and this harms nobody
