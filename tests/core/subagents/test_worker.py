import asyncio
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from core.jobs.job import Completed, Failed, FailureKind
from core.model.chat import ModelReply, ModelRequest
from core.subagents import worker
from core.subagents.worker import to_the_end
from tests.core.subagents.engine.bench import Bench, bench
from tests.core.subagents.puppet import Exit, Puppet, PuppetSandbox, Script
from tests.core.subagents.scripted import calls, finishes, job, says


def played(folder: Path, script: Script) -> AbstractAsyncContextManager[Bench]:
    """An engine whose runtimes follow a script."""
    return bench(folder, PuppetSandbox(script))


async def finish(puppet: Puppet) -> None:
    """Work honestly up to an accepted finish."""
    await puppet.greet()
    (made,) = await puppet.model()
    reply = await puppet.ask("finish", call=made["id"], result="x", files=[])
    assert reply["ok"] is True


async def test_finish_and_exit_code_0_are_both_needed(tmp_path: Path) -> None:
    async with played(tmp_path, finish) as made:
        made.model.lines.append(finishes("x"))
        assert await made.run(job()) == Completed(result="x")


async def test_the_result_is_what_the_model_wrote_not_what_the_pipe_said(tmp_path: Path) -> None:
    async def lie(puppet: Puppet) -> None:
        await puppet.greet()
        (call,) = await puppet.model()
        await puppet.ask("finish", call=call["id"], result="forged", files=["forged"])

    async with played(tmp_path, lie) as made:
        made.model.lines.append(finishes("true"))
        assert await made.run(job()) == Completed(result="true")


async def ends_with_1_after_finish(puppet: Puppet) -> None:
    await finish(puppet)
    raise Exit(1)


async def ends_without_finish(puppet: Puppet) -> None:
    await puppet.greet()


async def ends_with_7(puppet: Puppet) -> None:
    await puppet.greet()
    raise Exit(7)


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (ends_with_1_after_finish, "it had finished, but then it ended with exit code 1"),
        (ends_without_finish, "it ended without having finished"),
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


async def garbage(puppet: Puppet) -> None:
    puppet.raw(b"\x00\xff garbage")
    await asyncio.Event().wait()


async def no_greeting(puppet: Puppet) -> None:
    await puppet.ask("model")


async def greets_twice(puppet: Puppet) -> None:
    await puppet.greet()
    await puppet.greet()


async def goes_on_after_finish(puppet: Puppet) -> None:
    await finish(puppet)
    await puppet.ask("model")


async def finishes_twice(puppet: Puppet) -> None:
    await finish(puppet)
    await puppet.ask("finish", call=None, result="again", files=[])


async def forges_a_finish(puppet: Puppet) -> None:
    await puppet.greet()
    (call,) = await puppet.model()
    await puppet.ask("begin", call=call["id"], tool="shell", detail="")
    await puppet.ask("finish", call=call["id"], result="forged", files=[])


async def forges_a_finish_between_calls(puppet: Puppet) -> None:
    await puppet.greet()
    await puppet.model()
    await puppet.ask("finish", call=None, result="forged", files=[])


async def calls_what_nobody_called_for(puppet: Puppet) -> None:
    await puppet.greet()
    await puppet.model()
    await puppet.ask("tool", call="other", tool="change_state", arguments="{}")


async def calls_another_tool_than_was_called_for(puppet: Puppet) -> None:
    await puppet.greet()
    (call,) = await puppet.model()
    await puppet.ask("tool", call=call["id"], tool="change_state", arguments="{}")


async def calls_twice(puppet: Puppet) -> None:
    await puppet.greet()
    (call,) = await puppet.model()
    for _ in range(2):
        await puppet.ask("begin", call=call["id"], tool="shell", detail="")
        puppet.tell("end", call=call["id"], result="")


async def ends_what_did_not_begin(puppet: Puppet) -> None:
    await puppet.greet()
    (call,) = await puppet.model()
    puppet.tell("end", call=call["id"], result="")
    await asyncio.Event().wait()


async def ends_another_call(puppet: Puppet) -> None:
    await puppet.greet()
    (call,) = await puppet.model()
    await puppet.ask("begin", call=call["id"], tool="shell", detail="")
    puppet.tell("end", call="other", result="")
    await asyncio.Event().wait()


async def asks_before_acting(puppet: Puppet) -> None:
    await puppet.greet()
    await puppet.model()
    await puppet.model()


async def numbers_a_frame_twice(puppet: Puppet) -> None:
    await puppet.greet()
    puppet.number = 0
    await puppet.ask("model")


async def speaks_another_version(puppet: Puppet) -> None:
    await puppet.ask("hello", version=99)


@pytest.mark.parametrize(
    "script",
    [
        garbage,
        no_greeting,
        greets_twice,
        goes_on_after_finish,
        finishes_twice,
        forges_a_finish,
        forges_a_finish_between_calls,
        calls_what_nobody_called_for,
        calls_another_tool_than_was_called_for,
        calls_twice,
        ends_what_did_not_begin,
        ends_another_call,
        asks_before_acting,
        numbers_a_frame_twice,
        speaks_another_version,
    ],
)
async def test_what_does_not_fit_where_the_work_stands_fails_the_job_and_ends_the_sandbox(
    tmp_path: Path, script: Script
) -> None:
    sandbox = PuppetSandbox(script)
    first = finishes if script in (goes_on_after_finish, finishes_twice) else calls
    async with bench(tmp_path, sandbox) as made:
        made.model.lines.append(first("shell") if first is calls else finishes())
        outcome = await made.run(job())
    assert isinstance(outcome, Failed)
    assert (outcome.kind, outcome.reason[:12]) == (FailureKind.PROTOCOL, "the subagent")
    assert sandbox.processes[0].killed == "the job was ended"


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
        outcome = await asyncio.wait_for(made.run(job()), 10)
    assert isinstance(outcome, Failed)
    assert "exit code 9" in outcome.reason


async def test_more_calls_than_an_answer_may_have_are_dropped_and_the_model_is_told(
    tmp_path: Path,
) -> None:
    async def obey(puppet: Puppet) -> None:
        await puppet.greet()
        for call in await puppet.model():
            await puppet.ask("tool", call=call["id"], tool=call["name"], arguments="")
        (call,) = await puppet.model()
        await puppet.ask("finish", call=call["id"], result="", files=[])

    one = calls("progress", id="same", text="x").tool_calls[0]
    async with played(tmp_path, obey) as made:
        made.model.lines.extend([says("", *[one] * 40), finishes("x")])
        assert await made.run(job()) == Completed(result="x")
    request = made.model.requests[1]
    ids = [m.tool_call_id for m in request.messages if m.role == "tool"]
    assert len(ids) == len(set(ids)) == 32
    assert request.messages[-1].text == "Only the first 32 calls were run; 8 were dropped."


async def test_to_the_end_is_not_stopped_by_cancelling_and_then_is_cancelled() -> None:
    allowed, through = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        await allowed.wait()
        through.set()

    waiting = asyncio.create_task(to_the_end(work()))
    for _ in range(3):
        await asyncio.sleep(0)
        waiting.cancel()
    await asyncio.sleep(0)
    assert not waiting.done()
    allowed.set()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert through.is_set()
