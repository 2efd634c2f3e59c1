"""A scripted model for crash tests: each errand is one turn that starts two jobs, each of which
asks, runs a command, changes the state and finishes. Remembers every call that reached it."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.emulators.script import Received, Reply

Messages = Sequence[Mapping[str, Any]]

SIDES = ("left", "right")
TURN_CALLS = 2
JOB_CALLS = 3
_COMPLETION = 11  # tokens of every answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call: the piece of work it was for, how far that was, and its price in tokens."""

    work: str
    stage: int
    tokens: int


class Errands:
    """The script for `ModelServer`; say `errand(n)` on the page."""

    def __init__(self, latency_s: float = 0.01) -> None:
        self.calls: list[Call] = []
        self.strange: list[str] = []
        self.bought_again: list[Call] = []
        self._paid: dict[str, int] = {}
        self._latency_s = latency_s

    def __call__(self, received: Received) -> Reply:
        """Answer one request."""
        if "finish" in received.tools:
            work = _first(r"errand-\d+-(?:left|right)", received.messages)
            stage = sum(message["role"] == "assistant" for message in received.messages)
            said = _job(work, _done(received.messages))
        else:
            work = _first(r"errand-\d+\b", [{"content": received.asked}])
            stage = received.stage
            said = _turn(work, stage)
        self._note_trouble(received)
        tokens = (200 + 10 * stage, _COMPLETION)
        call = Call(work=work, stage=stage, tokens=sum(tokens))
        self.calls.append(call)
        if stage < self._paid.get(work, 0):
            self.bought_again.append(call)
        return Reply(text=said.text, calls=said.calls, usage=tokens, latency_s=self._latency_s)

    def paid(self, answers: Mapping[str, int]) -> None:
        """So many answers the dead bot has on its books for each work: to ask for one of them
        again is to buy it twice.
        """
        self._paid |= answers

    def repeated(self, work: str) -> int:
        """How many calls of this work were made more than once."""
        stages = Counter(call.stage for call in self.calls if call.work == work)
        return sum(count - 1 for count in stages.values())

    def spent(self, work: str) -> int:
        """Tokens of all calls for this work, repeated ones too."""
        return sum(call.tokens for call in self.calls if call.work == work)

    def _note_trouble(self, received: Received) -> None:
        for message in received.messages:
            content = message.get("content") or ""
            if message["role"] == "tool" and content.lower().startswith("error"):
                self.strange.append(content)


def errand(number: int) -> str:
    """What to say for one errand."""
    return f"please run errand-{number}"


def jobs_of(number: int) -> tuple[str, str]:
    """The works of the two jobs that an errand starts."""
    return (f"errand-{number}-left", f"errand-{number}-right")


def product(work: str) -> str:
    """The file that a job writes."""
    return f"out/{work}.txt"


def _turn(work: str, stage: int) -> Reply:
    if stage:
        return Reply(text=f"I started two jobs for {work}.")
    jobs = [
        ("start_job", {"title": f"{side} of {work}", "brief": f"Do {work}-{side}."})
        for side in SIDES
    ]
    counted = {"key": "errands", "operation": "add", "value": 1}
    return Reply(calls=[*jobs, ("change_state", counted)])


def _job(work: str, done: set[str]) -> Reply:
    if "shell" not in done:
        command = f"mkdir -p out && echo {work} > {product(work)}"
        return Reply(calls=[("shell", {"command": command})])
    if "change_state" not in done:
        counted = {"key": "jobs", "operation": "add", "value": 1}
        logged = {"key": "done", "operation": "append", "value": work}
        return Reply(calls=[("change_state", counted), ("change_state", logged)])
    result = {"result": f"{work} is done.", "files": [product(work)]}
    return Reply(calls=[("finish", result)])


def _done(messages: Messages) -> set[str]:
    """The tools that have done what was asked, as a model reads it: an interrupted call has not."""
    names: dict[str, str] = {}
    done = set()
    for message in messages:
        names |= {call["id"]: call["function"]["name"] for call in message.get("tool_calls") or ()}
        if message["role"] == "tool" and "interrupted" not in message["content"]:
            done.add(names[message["tool_call_id"]])
    return done


def _first(pattern: str, messages: Messages) -> str:
    texts = (str(_content(message)) for message in messages)
    found = next((match for text in texts if (match := re.search(pattern, text))), None)
    return found[0] if found else "unknown"


def _content(message: Mapping[str, Any]) -> object:
    return message.get("content") or ""
