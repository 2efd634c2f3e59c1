"""A sandbox that ends by itself: the job goes on in another, once."""

from pathlib import Path

from core.jobs.job import Completed, Failed, FailureKind
from core.model.chat import ModelRequest
from core.subagents.breakdowns import broke_down
from tests.core.subagents.engine.bench import bench, played
from tests.core.subagents.puppet import Exit, Puppet, PuppetSandbox, finish
from tests.core.subagents.scripted import calls, finishes, job


class Frail:
    """A runtime whose first lives end amid a tool call."""

    def __init__(self, lives: int) -> None:
        self._lives = lives

    async def __call__(self, puppet: Puppet) -> None:
        """See Script."""
        if not self._lives:
            await finish(puppet)
            return
        self._lives -= 1
        await puppet.greet()
        (call,) = await puppet.model()
        await puppet.ask("begin", call=call["id"], tool="shell", detail="")
        raise Exit(9)


def told(request: ModelRequest) -> str:
    return "\n".join(message.text for message in request.messages)


async def test_a_job_whose_sandbox_broke_down_goes_on_and_its_model_is_told(
    tmp_path: Path,
) -> None:
    async with played(tmp_path, Frail(1)) as made:
        made.model.lines.extend([calls("shell", command="boom"), finishes("x")])
        assert await made.run(job()) == Completed(result="x")
        heard = told(made.model.requests[-1])
    assert "Your sandbox broke down: it ended with exit code 9" in heard
    assert "this call was interrupted" in heard
    assert "Background processes and everything in /tmp are gone" in heard


async def test_a_job_that_breaks_two_sandboxes_down_is_stopped_with_its_reason(
    tmp_path: Path,
) -> None:
    sandbox = PuppetSandbox(Frail(9))
    async with bench(tmp_path, sandbox) as made:
        made.model.lines.extend([calls("shell", command="boom")] * 2)
        outcome = await made.run(job())
    assert isinstance(outcome, Failed)
    assert outcome.kind is FailureKind.CRASHED
    assert outcome.reason.startswith("it broke its sandbox down twice: it ended with exit code 9")
    assert len(sandbox.processes) == 2


async def test_a_breakdown_is_among_the_steps_that_people_see(tmp_path: Path) -> None:
    async with played(tmp_path, Frail(1)) as made:
        made.model.lines.extend([calls("shell", command="boom"), finishes("x")])
        await made.run(job())
        steps = await made.engine.steps(job().id)
    (broken,) = [step for step in steps if step.kind == "breakdown"]
    assert (broken.title, broken.detail[:27]) == (
        "the sandbox broke down", "it ended with exit code 9 (",
    )  # fmt: skip


def test_what_was_ended_for_passing_a_limit_did_not_break_down() -> None:
    assert not broke_down(Failed(kind=FailureKind.SANDBOX, reason="it was ended: too large"))
    assert not broke_down(Completed(result="x"))
