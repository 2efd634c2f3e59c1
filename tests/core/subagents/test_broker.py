import asyncio
from pathlib import Path

import pytest

from core.jobs.job import Completed, Failed, FailureKind
from core.model.chat import ModelReply
from tests.core.subagents.engine.bench import bench, played
from tests.core.subagents.puppet import Puppet, PuppetSandbox, Script, finish
from tests.core.subagents.scripted import call, calls, finishes, job, says


async def test_the_result_is_what_the_model_wrote_not_what_the_pipe_said(tmp_path: Path) -> None:
    async def lie(puppet: Puppet) -> None:
        await puppet.greet()
        (made,) = await puppet.model()
        await puppet.ask("finish", call=made["id"], result="forged", files=["forged"])

    async with played(tmp_path, lie) as made:
        made.model.lines.append(finishes("true"))
        assert await made.run(job()) == Completed(result="true")


async def test_words_that_a_provider_cut_say_so_in_the_result(tmp_path: Path) -> None:
    async def ends(puppet: Puppet) -> None:
        await puppet.greet()
        await puppet.model()
        await puppet.ask("finish", call=None, result="x", files=[])

    async with played(tmp_path, ends) as made:
        made.model.lines.append(says("half of", finish="content_filter"))
        result = "half of\n\n*(The model's provider held back the rest of this answer.)*"
        assert await made.run(job()) == Completed(result=result)


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
    await puppet.greet()
    (made,) = await puppet.model()
    for _ in range(2):
        await puppet.ask("finish", call=made["id"], result="x", files=[])


async def forges_a_finish(puppet: Puppet) -> None:
    await puppet.greet()
    (made,) = await puppet.model()
    await puppet.ask("begin", call=made["id"], tool="shell", detail="")
    await puppet.ask("finish", call=made["id"], result="forged", files=[])


async def forges_a_finish_between_calls(puppet: Puppet) -> None:
    await puppet.greet()
    await puppet.model()
    await puppet.ask("finish", call=None, result="forged", files=[])


async def calls_what_nobody_called_for(puppet: Puppet) -> None:
    await puppet.greet()
    await puppet.model()
    await puppet.ask("tool", call="other", tool="change_state", arguments="{}")


async def calls_out_of_order(puppet: Puppet) -> None:
    await puppet.greet()
    _, second = await puppet.model()
    await puppet.ask("begin", call=second["id"], tool="shell", detail="")


async def calls_another_tool_than_was_called_for(puppet: Puppet) -> None:
    await puppet.greet()
    (made,) = await puppet.model()
    await puppet.ask("tool", call=made["id"], tool="change_state", arguments="{}")


async def calls_twice(puppet: Puppet) -> None:
    await puppet.greet()
    (made,) = await puppet.model()
    for _ in range(2):
        await puppet.ask("begin", call=made["id"], tool="shell", detail="")
        puppet.tell("end", call=made["id"], result="")


async def ends_what_did_not_begin(puppet: Puppet) -> None:
    await puppet.greet()
    (made,) = await puppet.model()
    puppet.tell("end", call=made["id"], result="")
    await asyncio.Event().wait()


async def ends_another_call(puppet: Puppet) -> None:
    await puppet.greet()
    (made,) = await puppet.model()
    await puppet.ask("begin", call=made["id"], tool="shell", detail="")
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
        calls_out_of_order,
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
    twice = says("", call("shell"), call("shell"))
    lines: dict[Script, ModelReply] = {
        goes_on_after_finish: finishes(),
        finishes_twice: finishes(),
        calls_out_of_order: twice,
    }
    async with bench(tmp_path, sandbox) as made:
        made.model.lines.append(lines.get(script, calls("shell")))
        outcome = await made.run(job())
    assert isinstance(outcome, Failed)
    assert (outcome.kind, outcome.reason[:12]) == (FailureKind.PROTOCOL, "the subagent")
    assert sandbox.processes[0].killed == "the job was ended"


async def test_more_calls_than_an_answer_may_have_are_dropped_and_the_model_is_told(
    tmp_path: Path,
) -> None:
    async def obey(puppet: Puppet) -> None:
        await puppet.greet()
        for made in await puppet.model():
            await puppet.ask("tool", call=made["id"], tool=made["name"], arguments="")
        (made,) = await puppet.model()
        await puppet.ask("finish", call=made["id"], result="", files=[])

    one = calls("progress", id="same", text="x").tool_calls[0]
    async with played(tmp_path, obey) as made:
        made.model.lines.extend([says("", *[one] * 40), finishes("x")])
        assert await made.run(job()) == Completed(result="x")
    request = made.model.requests[1]
    ids = [m.tool_call_id for m in request.messages if m.role == "tool"]
    assert len(ids) == len(set(ids)) == 32
    assert request.messages[-1].text == "Only the first 32 calls were run; 8 were dropped."
