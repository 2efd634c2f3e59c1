"""The model server of the measurements: answers by rules after a set time and writes down how long
it took itself. `python -m bench.model LOG` prints its port. No intelligence.

What is said decides: `ping …` gets a plain answer after PING_S; `start N KIND` starts N jobs and
then names them, both at once; `hang …` gets no answer. A job's brief is its KIND: `five` is five
calls of a second with a shell command between them, `endless` the same without an end, `short` one
call of a second that finishes at once.
"""

import asyncio
import json
import re
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from tests.emulators.model import ModelServer
from tests.emulators.script import Received, Reply

PING_S = 0.1
STEP_S = 1.0
STEPS = 5
_JOB = re.compile(r"job \d+", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Noted(Reply):
    """A reply that tells when its end is about to be sent."""

    sending: Callable[[], None]

    def completion(self, received: Received) -> dict[str, Any]:
        """See Reply."""
        self.sending()
        return Reply.completion(self, received)

    def chunks(self, received: Received) -> Iterator[str]:
        """See Reply. A stream counts as sent with its last chunk."""
        *chunks, last = Reply.chunks(self, received)
        yield from chunks
        self.sending()
        yield last


class Script:
    """Answers by the rules above; a line of the log for each answer, when it is sent."""

    def __init__(self, log: TextIO) -> None:
        self._log = log

    def __call__(self, received: Received) -> Reply:
        """Answer one request."""
        if "finish" in received.tools:
            tag, reply = _job(received)
        else:
            tag, reply = received.asked, _turn(received)

        def sending() -> None:
            line = {"tag": tag, "arrived": received.at, "sent": time.monotonic()}
            self._log.write(json.dumps(line) + "\n")

        return Noted(
            text=reply.text, calls=reply.calls, latency_s=reply.latency_s, hang=reply.hang,
            sending=sending,
        )  # fmt: skip


def _turn(received: Received) -> Reply:
    asked = received.asked
    if "hang" in asked:
        return Reply(hang=True)
    wanted = re.search(r"start (\d+) (\w+)", asked)
    if wanted is None:
        return Reply(text=f"You said: {asked[-40:]}", latency_s=PING_S)
    if received.stage == 0:
        # Each asks for something else, or they would be one job.
        brief = f"kind={wanted[2]} of {received.at}, part"
        job = {"title": f"{wanted[2]} work"}
        parts = range(int(wanted[1]))
        return Reply(calls=[("start_job", {**job, "brief": f"{brief} {n}"}) for n in parts])
    told = " ".join(str(m["content"]) for m in received.messages if m["role"] == "tool")
    return Reply(text=f"Started {', '.join(_JOB.findall(told))}.")


def _job(received: Received) -> tuple[str, Reply]:
    text = json.dumps(received.messages)
    kind = re.search(r"kind=(\w+)", text)
    name = kind[1] if kind else "unknown"
    stage = sum(message["role"] == "assistant" for message in received.messages)
    last = {"five": STEPS - 1, "short": 0, "endless": sys.maxsize}[name]
    if stage < last:
        shell = ("shell", {"command": f"echo step {stage} > progress.txt; cat progress.txt"})
        return f"{name}/{stage}", Reply(calls=[shell], latency_s=STEP_S)
    done = ("finish", {"result": f"The {name} work is done."})
    return f"{name}/end", Reply(calls=[done], latency_s=STEP_S)


async def serve(log: TextIO) -> None:
    """Serve until killed."""
    async with ModelServer(Script(log)) as server:
        print(server.port, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    with Path(sys.argv[1]).open("a", buffering=1) as lines:
        asyncio.run(serve(lines))
