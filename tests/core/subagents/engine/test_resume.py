import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from core.jobs.job import Completed, Failed, FailureKind, Steering
from core.model.chat import ModelReply, ModelRequest
from core.state.operations import Op, Operation
from tests.core.subagents.engine.bench import Bench
from tests.core.subagents.engine.victim import KILL_IN_CALL, work
from tests.core.subagents.scripted import calls, finishes, job, last, says

ROOT = Path(__file__).parents[4]


async def killed(data: Path, **environment: str) -> None:
    """Run the victim until it is killed."""
    program = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.core.subagents.engine.victim", str(data)),
        cwd=ROOT,
        env={**os.environ, **environment},
    )
    assert await asyncio.wait_for(program.wait(), 60) == -signal.SIGKILL


async def goes_on(data: Path) -> int:
    """Run the next attempt to its end, check that all is there once; return all model calls."""
    outcome, gathered = await work(data, "process", attempt=2)
    assert outcome == Completed(result="done", files=("ran.txt",))
    assert gathered.operations == (Operation(key="n", op=Op.ADD, argument=1),)
    assert {c.path: c.content for c in gathered.files} == {
        "ran.txt": b"ran\n",
        "second.txt": b"second\n",
    }
    return (data / "calls").read_text().count("\n")


# The second and fourth beginning are a shell's: it is cut off, and the model has to call it again.
BETWEEN_CALLS = [
    *("attempt.started:1", "step.begun:1", "step.begun:3", "step.begun:5"),
    *(f"step.ended:{n}" for n in range(1, 7)),
    "delta.frozen:1",
]


@pytest.mark.parametrize("point", BETWEEN_CALLS)
async def test_killed_between_steps_a_job_goes_on_and_buys_nothing_twice(
    tmp_path: Path, point: str
) -> None:
    await killed(tmp_path, THAW_KILL_AT=point)
    assert await goes_on(tmp_path) == 3


@pytest.mark.parametrize("point", ["step.begun:2", "step.begun:4"])
async def test_killed_in_a_tool_the_model_is_told_and_decides(tmp_path: Path, point: str) -> None:
    await killed(tmp_path, THAW_KILL_AT=point)
    assert await goes_on(tmp_path) == 4


async def test_killed_in_a_model_call_only_that_call_is_made_again(tmp_path: Path) -> None:
    await killed(tmp_path, **{KILL_IN_CALL: "2"})
    assert await goes_on(tmp_path) == 4


async def test_a_workspace_half_filled_by_a_killed_attempt_is_filled_again(plain: Bench) -> None:
    making = plain.data / "jobs" / "job-1" / "workspace.making"
    making.mkdir(parents=True)
    (making / "half").write_text("ha")
    plain.model.lines.append(finishes())
    await plain.run(job())
    assert (await plain.engine.gathered(job())).files == ()
    assert not making.exists()


async def interrupted(plain: Bench, *lines: ModelReply, attempt: int = 1) -> None:
    """Run an attempt that stands in a model call when it is cancelled."""
    asked = asyncio.Event()

    async def for_ever(request: ModelRequest) -> ModelReply:
        asked.set()
        await asyncio.Event().wait()
        return says("never")

    plain.model.lines.extend([*lines, for_ever])
    running = asyncio.create_task(plain.run(job(attempt=attempt)))
    await asked.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_the_model_is_told_which_files_changed_behind_its_back(plain: Bench) -> None:
    await interrupted(plain, calls("shell", command="echo 1 > kept; echo 1 > a; echo 1 > gone"))
    (plain.workspace(job()) / "a").write_text("changed")
    (plain.workspace(job()) / "new").write_text("new")
    (plain.workspace(job()) / "gone").unlink()
    plain.model.lines.append(finishes("on"))
    assert await plain.run(job(attempt=2)) == Completed(result="on")
    told = last(plain.model.requests[-1])
    assert told.role == "user"
    assert "/tmp are gone" in told.text
    assert "not as your last step left them: a, gone, new." in told.text


async def test_the_model_is_told_that_its_workspace_is_untouched(plain: Bench) -> None:
    await interrupted(plain, calls("write_file", path="a", content="1"))
    plain.model.lines.append(finishes())
    await plain.run(job(attempt=2))
    assert "as your last step left it" in last(plain.model.requests[-1]).text


async def test_nothing_is_told_when_nothing_had_happened_yet(plain: Bench) -> None:
    await interrupted(plain)
    plain.model.lines.append(finishes())
    await plain.run(job(attempt=2))
    assert plain.model.requests[0].messages == plain.model.requests[1].messages


async def test_a_job_that_gets_on_is_not_given_up_however_often_it_is_interrupted(
    plain: Bench,
) -> None:
    for _ in range(7):
        await interrupted(plain, calls("progress", text="on"))
    plain.model.lines.append(finishes("at last"))
    assert await plain.run(job()) == Completed(result="at last")


async def test_a_job_that_does_not_get_on_is_given_up(plain: Bench) -> None:
    await interrupted(plain, calls("progress", text="on"))
    for attempt in range(2, 7):
        await interrupted(plain, attempt=attempt)
    outcome = await plain.run(job(attempt=7))
    assert isinstance(outcome, Failed)
    assert outcome.kind is FailureKind.ATTEMPTS
    assert "5 times without getting on" in outcome.reason


async def test_steps_and_tokens_of_earlier_attempts_count(plain: Bench) -> None:
    await interrupted(plain, calls("progress", text="1"), calls("progress", text="2"))
    plain.seen.clear()
    plain.model.lines.append(finishes())
    await plain.run(job(attempt=2))
    assert (plain.seen[-1].steps, plain.seen[-1].tokens) == (3, 30)


async def test_words_that_were_read_are_not_read_again(plain: Bench) -> None:
    plain.said.append(Steering(seq=3, by="Ann", text="blue"))
    await interrupted(plain, calls("progress", text="1"))
    plain.said.append(Steering(seq=8, by="Ann", text="no, red"))
    plain.model.lines.append(finishes())
    await plain.run(job(attempt=2))
    said = [m.text for m in plain.model.requests[-1].messages if m.text.startswith("Ann says")]
    assert said == ["Ann says: blue", "Ann says: no, red"]


async def test_a_job_whose_file_is_damaged_fails_at_once_since_waiting_mends_nothing(
    plain: Bench,
) -> None:
    kept = plain.data / "jobs" / "job-1" / "job.db"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(b"no database" * 100)
    outcome = await plain.run(job(attempt=2))
    assert isinstance(outcome, Failed)
    assert outcome.kind is FailureKind.STORE
    assert outcome.reason.startswith("job-1/job.db is damaged or not a database")
    assert kept.read_bytes() == b"no database" * 100


async def test_a_folder_in_the_place_of_a_jobs_file_fails_it_at_once_too(plain: Bench) -> None:
    (plain.data / "jobs" / "job-1" / "job.db").mkdir(parents=True)
    outcome = await plain.run(job(attempt=2))
    assert outcome == Failed(kind=FailureKind.STORE, reason="job-1/job.db is no file")


async def test_the_first_attempt_takes_up_nothing_of_a_job_that_its_channel_s_file_has_lost(
    plain: Bench,
) -> None:
    await interrupted(plain, calls("progress", text="before the file was lost"))
    (plain.data / "jobs" / "job-1" / "workspace" / "old").write_text("left")
    plain.seen.clear()
    plain.model.lines.clear()
    plain.model.lines.append(finishes())
    assert isinstance(await plain.run(job()), Completed)
    assert plain.seen[-1].steps == 1
    assert (await plain.engine.gathered(job())).files == ()


async def test_nor_does_a_later_attempt_when_the_bot_died_before_the_first_had_begun(
    plain: Bench,
) -> None:
    await interrupted(plain, calls("progress", text="before the file was lost"))
    (plain.data / "jobs" / "job-1" / "workspace" / "old").write_text("left")
    plain.seen.clear()
    plain.model.lines.clear()
    plain.model.lines.append(finishes())
    asked_again = job(attempt=2, created_at=6.0)
    assert isinstance(await plain.run(asked_again), Completed)
    assert plain.seen[-1].steps == 1
    assert (await plain.engine.gathered(asked_again)).files == ()
