"""What the model emulator is told to do: replies, and rules that choose one. No network.

A script file is one JSON object, all parts optional:

    {"rules": [{"contains": "text", "offers": "finish", "stage": 0, "times": 1,
                "reply": {"text": "…", "calls": [["start_job", {"title": "a"}]], "latency_s": 1}}],
     "otherwise": {"text": "…"}}

The first rule that fits answers. `contains`: the last message of the person (role user) has it;
`offers`: a tool of that name is offered; `stage`: so many messages of the assistant come after
that person's message; `times`: the rule is used up after so many replies.
"""

import asyncio
import itertools
import json
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

_ids = itertools.count(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One request as it came: `at` in seconds of the monotonic clock."""

    at: float
    body: Mapping[str, Any]
    headers: Mapping[str, str]

    @property
    def stream(self) -> bool:
        """Whether the client asked for a stream."""
        return bool(self.body.get("stream"))

    @property
    def messages(self) -> Sequence[Mapping[str, Any]]:
        """The messages as sent."""
        messages: Sequence[Mapping[str, Any]] = self.body["messages"]
        return messages

    @property
    def tools(self) -> frozenset[str]:
        """The names of the tools offered."""
        return frozenset(tool["function"]["name"] for tool in self.body.get("tools") or ())

    @property
    def asked(self) -> str:
        """The last words of the person, without what the bot puts around them."""
        users = (m["content"] for m in reversed(self.messages) if m["role"] == "user")
        return spoken(next(users, ""))

    @property
    def stage(self) -> int:
        """How many messages of the assistant come after the person's last."""
        after = itertools.takewhile(lambda m: m["role"] != "user", reversed(self.messages))
        return sum(m["role"] == "assistant" for m in after)


def spoken(content: str) -> str:
    """What the person who asks wrote in a message to the model."""
    found = _SAID.search(content)
    return _FILES.sub("", found[1]) if found else content


_FILES = re.compile(r"\n?<file [^\n]*/>")
_SAID = re.compile(r'.*<said by="[^"]*">\n(.*)\n</said>\Z', re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What one request gets. `calls` are (name, arguments); a string is sent as it stands.

    `usage` is (prompt, completion) tokens, None for none; `raw_usage` is sent in its place.
    `body` replaces the completion whole.
    `cut_after` aborts the connection after so many bytes, in a stream after so many chunks.
    `chunked` replaces the chunks of a stream (JSON texts). `gate` is waited for after `latency_s`.
    `hang` is for ever: without a word, or after the `drip`, which is the headers and then its text,
    a byte at a time, again and again ("" for nothing more).
    """

    text: str | None = None
    calls: Sequence[tuple[str, Mapping[str, Any] | str]] = ()
    finish: str | None = None
    usage: tuple[int, int] | Literal["estimate"] | None = "estimate"
    raw_usage: object = None
    latency_s: float = 0.0
    pieces: int = 4
    piece_latency_s: float = 0.0
    chunked: Sequence[str] | None = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str | None = None
    content_type: str | None = None
    cut_after: int | None = None
    hang: bool = False
    drip: str | None = None
    gate: asyncio.Event | None = None
    ignore_stream: bool = False

    def completion(self, received: Received) -> dict[str, Any]:
        """The reply as one chat.completion object."""
        message: dict[str, Any] = {"role": "assistant", "content": self.text}
        if self.calls:
            message["tool_calls"] = self._calls()
        choice = {"index": 0, "message": message, "finish_reason": self._finish()}
        head = self._head(received, "chat.completion")
        return {**head, "choices": [choice], **self._usage(received)}

    def chunks(self, received: Received) -> Iterator[str]:
        """The reply as the data of server-sent events, [DONE] included."""
        if self.chunked is not None:
            yield from self.chunked
            return
        head = self._head(received, "chat.completion.chunk")
        for delta in self._deltas():
            choice = {"index": 0, "delta": delta, "finish_reason": None}
            yield json.dumps({**head, "choices": [choice]})
        end = {"index": 0, "delta": {}, "finish_reason": self._finish()}
        yield json.dumps({**head, "choices": [end]})
        options = received.body.get("stream_options") or {}
        if options.get("include_usage") and self.usage is not None:
            yield json.dumps({**head, "choices": [], **self._usage(received)})
        yield "[DONE]"

    def _deltas(self) -> Iterator[dict[str, Any]]:
        yield {"role": "assistant", "content": ""}
        for piece in _pieces(self.text or "", self.pieces):
            yield {"content": piece}
        for index, call in enumerate(self._calls()):
            arguments = call["function"].pop("arguments")
            yield {"tool_calls": [{"index": index, **call}]}
            for piece in _pieces(arguments, self.pieces):
                yield {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}

    def _calls(self) -> list[dict[str, Any]]:
        return [
            {
                "id": f"call_{next(_ids)}",
                "type": "function",
                "function": {
                    "name": name,
                    "arguments": given if isinstance(given, str) else json.dumps(given),
                },
            }
            for name, given in self.calls
        ]

    def _finish(self) -> str:
        return self.finish or ("tool_calls" if self.calls else "stop")

    def _head(self, received: Received, kind: str) -> dict[str, Any]:
        model = received.body.get("model", "")
        return {"id": f"chatcmpl-{next(_ids)}", "object": kind, "created": 0, "model": model}

    def _usage(self, received: Received) -> dict[str, Any]:
        if self.raw_usage is not None:
            return {"usage": self.raw_usage}
        if self.usage is None:
            return {}
        if self.usage == "estimate":
            prompt, completion = _tokens(received.body["messages"]), _tokens(self.text)
        else:
            prompt, completion = self.usage
        numbers = {"prompt_tokens": prompt, "completion_tokens": completion}
        return {"usage": {**numbers, "total_tokens": prompt + completion}}


def _tokens(data: object) -> int:
    return math.ceil(len(json.dumps(data)) / 4)


def _pieces(text: str, count: int) -> Iterator[str]:
    size = max(1, math.ceil(len(text) / max(1, count)))
    return (text[start : start + size] for start in range(0, len(text), size))


@dataclass(slots=True)
class _Rule:
    reply: Reply
    contains: str = ""
    offers: str | None = None
    stage: int | None = None
    times: int | None = None

    def take(self, received: Received) -> bool:
        """Whether the rule fits; then it is used up by one."""
        fits = (
            self.times != 0
            and self.contains in received.asked
            and (self.offers is None or self.offers in received.tools)
            and (self.stage is None or self.stage == received.stage)
        )
        if fits and self.times is not None:
            self.times -= 1
        return fits


def script_from(document: Mapping[str, Any]) -> Callable[[Received], Reply]:
    """The script that a parsed script file describes. Raises TypeError for unknown parts."""
    rules = [
        _Rule(**{**rule, "reply": Reply(**rule["reply"])}) for rule in document.get("rules", ())
    ]
    otherwise = Reply(**document.get("otherwise", {"text": "The script has no rule for this."}))

    def script(received: Received) -> Reply:
        return next((rule.reply for rule in rules if rule.take(received)), otherwise)

    return script
