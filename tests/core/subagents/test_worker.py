import asyncio
from pathlib import Path

import pytest

from core.errors import ModelUnreachable
from core.jobs.job import Completed, Failed, FailureKind
from core.model.chat import ModelReply, ModelRequest
from core.subagents import worker
from tests.core.subagents.engine.bench import bench, played
from tests.core.subagents.puppet import Exit, Puppet, PuppetSandbox, Script, finish
from tests.core.subagents.scripted import calls, finishes, job, says


async def greet_and_go(puppet: Puppet) -> None:
    await puppet.greet()


async def test_finish_and_exit_code_0_are_both_needed(tmp_path: Path) -> None:
    async with played(tmp_path, finish) as made:
        made.model.lines.append(finishes("x"))
        assert await made.run(job()) == Completed(result="x")


@pytest.mark.parametrize(("script", "sandboxes"), [(finish, 1), (greet_and_go, 2)])
async def test_an_attempt_that_has_ended_ends_the_same_way_and_starts_nothing(
    tmp_path: Path, script: Script, sandboxes: int
) -> None:
    sandbox = PuppetSandbox(script)
    async with bench(tmp_path, sandbox) as made:
        made.model.lines.append(finishes("x"))
        first = await made.run(job())
        assert await made.run(job(attempt=2)) == first
    assert len(sandbox.processes) == sandboxes


async def ends_with_1_after_finish(puppet: Puppet) -> None:
    await finish(puppet)
    raise Exit(1)


async def ends_with_7(puppet: Puppet) -> None:
    await puppet.greet()
    raise Exit(7)


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (ends_with_1_after_finish, "it had finished, but then it ended with exit code 1"),
        (greet_and_go, "it ended without having finished"),
        (ends_with_7, "it ended with exit code 7 (a last complaint) before it had finished"),
    ],
)
async def test_any_other_end_fails_the_job(tmp_path: Path, script: Script, words: str) -> None:
    async with played(tmp_path, script) as made:
        made.model.lines.append(finishes())
        outcome = await made.run(job())
        assert isinstance(outcome, Failed)
        assert outcome.kind is FailureKind.CRASHED
        assert words in outcome.reason


async def test_the_time_in_which_the_model_cannot_be_reached_is_not_the_job_s(
    tmp_path: Path,
) -> None:
    async with played(tmp_path, finish) as made:
        # Its next try comes after one second at the earliest.
        made.model.lines.extend([ModelUnreachable("down"), finishes("x")])
        assert await made.run(job(timeout_s=0.9)) == Completed(result="x")


async def test_a_runtime_that_says_nothing_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def silent(puppet: Puppet) -> None:
        await puppet.greet()
        await asyncio.Event().wait()

    monkeypatch.setattr(worker, "SILENCE_S", 0.05)
    async with played(tmp_path, silent) as made:
        outcome = await made.run(job())
    assert isinstance(outcome, Failed)
    assert "said nothing" in outcome.reason


async def test_silence_while_a_tool_runs_is_no_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def slow(puppet: Puppet) -> None:
        await puppet.greet()
        (call,) = await puppet.model()
        await puppet.ask("begin", call=call["id"], tool="shell", detail="")
        await asyncio.sleep(0.3)  # longer than the patience below
        puppet.tell("end", call=call["id"], result="")
        (call,) = await puppet.model()
        await puppet.ask("finish", call=call["id"], result="", files=[])

    monkeypatch.setattr(worker, "SILENCE_S", 0.1)
    async with played(tmp_path, slow) as made:
        made.model.lines.extend([calls("shell"), finishes("x")])
        assert await made.run(job()) == Completed(result="x")


async def test_a_runtime_that_hangs_up_and_goes_on_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hang_up(puppet: Puppet) -> None:
        await finish(puppet)
        puppet.hang_up()
        await asyncio.Event().wait()

    monkeypatch.setattr(worker, "EXIT_S", 0.05)
    async with played(tmp_path, hang_up) as made:
        made.model.lines.append(finishes())
        outcome = await made.run(job())
    assert outcome == Failed(
        kind=FailureKind.SANDBOX,
        reason="it was ended: it closed its line and went on running",
    )


async def test_nobody_waits_for_the_model_of_a_sandbox_that_has_ended(tmp_path: Path) -> None:
    async def ask_and_die(puppet: Puppet) -> None:
        await puppet.greet()
        puppet.tell("model")
        raise Exit(9)

    async def for_ever(request: ModelRequest) -> ModelReply:
        await asyncio.Event().wait()
        return says("never")

    async with played(tmp_path, ask_and_die) as made:
        made.model.lines.append(for_ever)
        outcome = await asyncio.wait_for(made.run(job()), 60)
    assert isinstance(outcome, Failed)
    assert "exit code 9" in outcome.reason
