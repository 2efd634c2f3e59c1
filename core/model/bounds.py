"""Upper bounds on what a call may cost, in tokens, before it is made. Pure; asks no tokenizer.

A token is at least one byte of text. After a piece of work's first call the server has said how
many tokens its messages are, so that only what was added since counts by its bytes.
"""

import json
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from core.model.chat import ChatMessage, ModelRequest, ToolSpec, Usage
from core.model.wire import sendable

# What servers write around messages, calls and tools, in tokens; measured ones are below half.
PER_REQUEST = 64
PER_MESSAGE = 16
PER_CALL = 32
PER_TOOL = 64
# Words of instruction that chat templates add when there are tools at all.
WITH_TOOLS = 512
MOST_WORKS = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """One message: what tells it from others, and its size in bytes."""

    digest: int
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Last:
    """A work's last request that the server has measured: `prompt` tokens for all its parts."""

    frame: tuple[str, str]
    parts: Sequence[_Part]
    prompt: int


class Bounds:
    """Remembers what servers reported for the latest works; forgetting one only costs slack."""

    def __init__(self) -> None:
        self._last: OrderedDict[str, _Last] = OrderedDict()

    def bound(self, work: str, request: ModelRequest) -> int:
        """The most tokens, prompt and answer, that the request can be charged."""
        last = self._last.get(work)
        parts = _parts(request.messages, last.parts if last else ())
        prompt = sum(part.size for part in parts) + _frame_size(request.tools)
        if last is not None and last.frame == _frame(request):
            known = _same_start(parts, last.parts)
            added = sum(part.size for part in parts[known:])
            prompt = min(prompt, last.prompt + added)
        return prompt + request.max_completion_tokens

    def reported(self, work: str, request: ModelRequest, usage: Usage) -> None:
        """Note what the server said the request was."""
        last = self._last.pop(work, None)
        parts = _parts(request.messages, last.parts if last else ())
        self._last[work] = _Last(frame=_frame(request), parts=parts, prompt=usage.prompt)
        if len(self._last) > MOST_WORKS:
            self._last.popitem(last=False)


def _frame(request: ModelRequest) -> tuple[str, str]:
    """What else than the messages decides how many tokens a prompt has."""
    return request.model, _tools_text(request.tools)


def _tools_text(tools: Sequence[ToolSpec]) -> str:
    return json.dumps([[tool.name, tool.description, tool.parameters] for tool in tools])


def _frame_size(tools: Sequence[ToolSpec]) -> int:
    if not tools:
        return PER_REQUEST
    return PER_REQUEST + WITH_TOOLS + PER_TOOL * len(tools) + _bytes(_tools_text(tools))


def _parts(messages: Sequence[ChatMessage], known: Sequence[_Part]) -> Sequence[_Part]:
    """The messages' parts; sizes are taken over from `known` where a message is the same."""
    parts = []
    for place, message in enumerate(messages):
        digest = hash(message)
        if place < len(known) and known[place].digest == digest:
            parts.append(known[place])
        else:
            parts.append(_Part(digest=digest, size=_size(message)))
    return parts


def _same_start(parts: Sequence[_Part], last: Sequence[_Part]) -> int:
    for place, (part, other) in enumerate(zip(parts, last, strict=False)):
        if part.digest != other.digest:
            return place
    return min(len(parts), len(last))


def _size(message: ChatMessage) -> int:
    calls = sum(
        PER_CALL + _bytes(call.id) + _bytes(call.name) + _bytes(sendable(call.arguments))
        for call in message.tool_calls
    )
    return PER_MESSAGE + _bytes(message.text) + _bytes(message.tool_call_id or "") + calls


def _bytes(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
