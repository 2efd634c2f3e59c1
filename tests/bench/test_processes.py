import asyncio
import os
import sys
import time
from asyncio.subprocess import PIPE

from bench import processes

_CHILD = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "print(1, flush=True); input()"],
                         stdin=subprocess.PIPE, stdout=subprocess.PIPE)
child.stdout.readline()
for _ in range(50):
    time.sleep(0.001)
kept = b"x" * 30_000_000
print(child.pid, flush=True)
input()
child.communicate(b"\\n")
"""


async def test_memory_and_wake_ups_of_a_tree_are_those_of_all_its_processes() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _CHILD, stdin=PIPE, stdout=PIPE
    )
    assert process.stdout is not None
    child = int(await process.stdout.readline())
    try:
        pids = processes.tree(process.pid)
        assert set(pids) == {process.pid, child}
        assert processes.pss_mb(pids) > processes.pss_mb([process.pid]) > 30
        assert processes.wakes(pids)[f"{process.pid}/{process.pid}"] >= 50
    finally:
        await process.communicate(b"\n")
    assert processes.pss_mb(pids) == 0


def test_processor_time_grows_with_work() -> None:
    before, began = processes.cpu_s([os.getpid()]), time.process_time()
    while time.process_time() - began < 0.1:
        sum(range(100_000))
    # Of clock ticks of 10 ms, the first and the last are part of it or not.
    assert processes.cpu_s([os.getpid()]) - before >= 0.07
