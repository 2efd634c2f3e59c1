"""Runs one job, to be killed: `python -m tests.core.subagents.engine.victim DATA`."""

import asyncio
import os
import signal
import sys
from pathlib import Path

from core.jobs.job import Asked, Gathered, Outcome
from core.model.chat import ModelReply, ModelRequest
from tests.core.subagents.engine.bench import Way, bench
from tests.core.subagents.scripted import call, calls, finishes, job, says

KILL_IN_CALL = "THAW_TEST_KILL_IN_CALL"


def answer(request: ModelRequest) -> ModelReply:
    """A model without a memory: what is missing in the transcript is done next."""
    told = "\n".join(message.text for message in request.messages if message.role == "tool")
    if "exit code 0" not in told:
        return says(
            "",
            call("shell", command="echo ran >> ran.txt"),
            call("change_state", key="n", operation="add", value=1),
        )
    if "second" not in told:
        return calls("shell", command="echo second | tee second.txt")
    return finishes("done", ["ran.txt"])


async def work(data: Path, way: Way, attempt: int) -> tuple[Outcome, Gathered]:
    """Run one attempt and gather what it made; each model call is a line in a file as soon
    as it is made."""

    async def remembered(request: ModelRequest) -> ModelReply:
        with (data / "calls").open("a") as calls_made:
            calls_made.write("call\n")
        if (data / "calls").read_text().count("\n") == int(os.environ.get(KILL_IN_CALL, "0")):
            os.kill(os.getpid(), signal.SIGKILL)
        return answer(request)

    async with bench(data, way) as made:
        made.model.lines.extend([remembered] * 10)
        outcome = await made.run(job(attempt=attempt))
        assert not isinstance(outcome, Asked)
        return outcome, await made.engine.gathered(job())


if __name__ == "__main__":
    asyncio.run(work(Path(sys.argv[1]), "process", attempt=1))
