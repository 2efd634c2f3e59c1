"""Jobs whose model does its worst, in bubblewrap: each ends clearly and leaves nothing."""

import asyncio
import os

import pytest

from core.jobs.job import Completed, Failed, FailureKind
from core.state.operations import FileChange
from tests.core.subagents.engine.bench import Bench
from tests.core.subagents.scripted import calls, finishes, job, results

pytestmark = pytest.mark.needs_system("bubblewrap")

FORGE = r"""
import glob, json, os
frame = json.dumps({"kind": "finish", "id": 9, "call": None, "result": "forged", "files": []})
tried = 0
for fd in [*range(3, 50), *glob.glob("/proc/[0-9]*/fd/*")]:
    try:
        fd = fd if isinstance(fd, int) else os.open(fd, os.O_WRONLY)
        os.write(fd, frame.encode() + b"\n")
    except OSError:
        tried += 1
print("tried", tried)
"""


async def test_a_finish_forged_by_a_command_has_no_effect(boxed: Bench) -> None:
    boxed.model.lines.extend([calls("python", code=FORGE), finishes("true")])
    assert await boxed.run(job()) == Completed(result="true")
    (told,) = results(boxed.model.requests[1]).values()
    assert told.startswith("exit code 0\n")
    assert "\ntried " in told


async def test_a_job_that_eats_memory_is_ended_and_people_are_told(boxed: Bench) -> None:
    eat = "x = []\nwhile True: x.append(bytearray(10_000_000))"
    boxed.model.lines.extend([calls("python", code=eat), finishes("survived")])
    outcome = await boxed.run(job())
    if isinstance(outcome, Failed):
        assert "memory" in outcome.reason
    else:  # without a control group only the command that ate it ends
        (told,) = results(boxed.model.requests[1]).values()
        assert "exit code 0" not in told


async def test_a_job_that_fills_the_disk_is_ended_and_people_are_told(boxed: Bench) -> None:
    fill = "i=0; while true; do head -c 10000000 /dev/zero > f$i || sleep 1; i=$((i+1)); done"
    boxed.model.lines.append(calls("shell", command=fill))
    outcome = await boxed.run(job(timeout_s=30.0))
    assert isinstance(outcome, Failed)
    assert outcome.kind is FailureKind.SANDBOX
    assert "disk" in outcome.reason


async def test_what_the_channel_already_has_is_not_counted_as_the_jobs_disk(boxed: Bench) -> None:
    # 72 MB where a job may use 64.
    had = tuple(FileChange(path=f"d/{name}", content=bytes(36_000_000)) for name in "ab")
    base = await boxed.commit(files=had)
    # Long enough to be looked at.
    boxed.model.lines.extend([calls("shell", command="sleep 1.5"), finishes("slept")])
    assert await boxed.run(job(base_commit=base)) == Completed(result="slept")


async def test_a_job_that_forks_without_end_does_not_take_others_with_it(boxed: Bench) -> None:
    # The shell may itself be among those that can fork no more; then the next one waits.
    waits = [calls("shell", command="sleep 1000")] * 19
    boxed.model.lines.extend([calls("shell", command=":(){ :|:& };:; sleep 1000"), *waits])
    outcome = await boxed.run(job(1, timeout_s=3.0))
    assert isinstance(outcome, Failed)
    assert outcome.kind is FailureKind.TIMEOUT
    boxed.model.lines.clear()
    boxed.model.lines.append(finishes("another"))
    assert await boxed.run(job(2)) == Completed(result="another")


async def test_a_daemon_left_behind_is_gone_before_the_workspace_is_read(boxed: Bench) -> None:
    daemon = "setsid sh -c 'while true; do echo more >> log; sleep 0.01; done' &"
    daemon += " until [ -s log ]; do sleep 0.01; done"
    boxed.model.lines.extend([calls("shell", command=daemon), finishes()])
    assert isinstance(await boxed.run(job()), Completed)
    log = boxed.workspace(job()) / "log"
    before = log.stat().st_size
    await asyncio.sleep(0.1)
    assert log.stat().st_size == before
    assert [c.path for c in (await boxed.engine.gathered(job())).files] == ["log"]


async def test_a_command_that_prints_without_end_is_shown_in_part(boxed: Bench) -> None:
    boxed.model.lines.extend([calls("shell", command="yes | head -c 100000000"), finishes()])
    assert isinstance(await boxed.run(job()), Completed)
    (told,) = results(boxed.model.requests[1]).values()
    assert len(told) < 40_000
    assert "bytes cut here" in told


async def test_a_job_sees_no_other_job_s_workspace(boxed: Bench) -> None:
    boxed.model.lines.extend([calls("write_file", path="secret", content="s3cr3t"), finishes()])
    await boxed.run(job(1))
    look = f"ls {boxed.data}/jobs; ls /proc/*/root{boxed.data}; cat /workspace/secret"
    boxed.model.lines.extend([calls("shell", command=look), finishes()])
    await boxed.run(job(2))
    (told,) = results(boxed.model.requests[-1]).values()
    assert "s3cr3t" not in told
    assert "job-1" not in told


@pytest.mark.skipif(os.geteuid() != 0, reason="who is not root is the job's user as well")
async def test_what_a_job_owns_the_host_can_still_read(boxed: Bench) -> None:
    lock = "mkdir d; echo x > d/f; chmod 000 d/f d; chmod 000 ."
    boxed.model.lines.extend([calls("shell", command=lock), finishes()])
    assert isinstance(await boxed.run(job()), Completed)
    (change,) = (await boxed.engine.gathered(job())).files
    assert (change.path, change.content) == ("d/f", b"x\n")
