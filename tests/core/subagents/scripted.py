"""A model that follows a script, and jobs to give it. Remembers what it was asked."""

import json
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace

from core.fencing import closing
from core.jobs.job import JobSpec
from core.messages import ChannelRef, Person, ThreadRef
from core.model.account import Account
from core.model.amounts import Amount
from core.model.chat import ChatMessage, ModelReply, ModelRequest, ToolCall, Usage
from core.search.hits import Found, Hit
from core.state.operations import Json

CHANNEL = ChannelRef(platform="web", workspace="local", channel="general")

Said = ModelReply | Exception
Line = Said | Callable[[ModelRequest], Awaitable[Said]]

JOB = JobSpec(
    id="job-1",
    number=1,
    thread=ThreadRef(channel=CHANNEL, thread="t1"),
    title="a job",
    brief="do it",
    requester=Person(id="ann", name="Ann"),
    base_commit=0,
    base_message=0,
    rules_revision=0,
    attempt=1,
    created_at=5.0,
    model="scripted",
    max_completion_tokens=1000,
    max_steps=20,
    timeout_s=60.0,
)


def job(number: int = 1, **changes: object) -> JobSpec:
    """A job; `changes` are fields of its JobSpec."""
    return replace(JOB, id=f"job-{number}", number=number, **changes)  # type: ignore[arg-type]


def call(name: str, id: str = "", **arguments: Json) -> ToolCall:
    """A tool call; without an id the broker gives it one."""
    return ToolCall(id=id, name=name, arguments=json.dumps(arguments))


def says(text: str = "", *calls: ToolCall, finish: str = "stop") -> ModelReply:
    """An answer that cost 10 tokens."""
    return ModelReply(
        text=text, tool_calls=calls, usage=Usage(prompt=8, completion=2), finish=finish
    )


def calls(name: str, id: str = "", **arguments: Json) -> ModelReply:
    """An answer that is one call."""
    return says("", call(name, id, **arguments))


def finishes(result: str = "done", files: Iterable[str] = ()) -> ModelReply:
    """An answer that ends the job."""
    return calls("finish", result=result, files=list(files))


class ScriptedModel:
    """Implements core.ports.MeteredModel: answers line by line, and remembers the requests."""

    def __init__(self, *lines: Line) -> None:
        self.lines = deque(lines)
        self.requests: list[ModelRequest] = []
        self.accounts: list[Account] = []
        self.spent = 0
        self.left: str | None = None

    async def complete(
        self, account: Account, request: ModelRequest, on_text: Callable[[str], None] | None = None
    ) -> ModelReply:
        """See core.ports.MeteredModel."""
        self.requests.append(request)
        self.accounts.append(account)
        assert self.lines, "the model was asked more often than its script is long"
        line = self.lines.popleft()
        said = await line(request) if callable(line) else line
        if isinstance(said, Exception):
            try:
                raise said
            finally:
                del said, line  # the error refers to this frame, which must not refer to the error
        self.spent += said.usage.total if said.usage else 0
        return said

    async def charged(self, work: str) -> Amount:
        """See core.ports.MeteredModel."""
        return Amount(tokens=self.spent, nanos=None)

    async def scarce(self, account: Account, request: ModelRequest) -> str | None:
        """See core.ports.MeteredModel."""
        return self.left


class NothingFound:
    """Implements core.ports.Finder: an index with nothing but `hits` in it, that fails with
    `error`. Remembers what it was asked."""

    def __init__(self) -> None:
        self.hits: tuple[Hit, ...] = ()
        self.error: Exception | None = None
        self.asked: list[tuple[str, str | None, int | None]] = []

    async def find(
        self,
        channel: ChannelRef,
        query: str,
        source: str | None = None,
        *,
        upto_message: int | None = None,
        commit: int | None = None,
    ) -> Found:
        """See core.ports.Finder."""
        self.asked.append((query, source, upto_message))
        if self.error is not None:
            raise self.error
        return Found(text="nothing found", hits=self.hits)


def results(request: ModelRequest) -> Mapping[str, str]:
    """What the calls in a request came to, by the call's id, without the fence around it."""
    return {m.tool_call_id: bare(m.text) for m in request.messages if m.tool_call_id is not None}


def bare(text: str) -> str:
    """A tool's result without the fence around it."""
    end = closing(text)
    return text[text.index("\n") + 1 :].removesuffix(end) if end else text


def last(request: ModelRequest) -> ChatMessage:
    """The newest message of a request."""
    return request.messages[-1]
