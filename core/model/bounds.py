"""Upper bounds on what a call may cost, in tokens, before it is made. Pure; asks no tokenizer.

A token is at least one byte of what is sent. After a piece of work's first call the server has
said how many tokens its messages are, so that only what was added since counts by its bytes.
"""

from array import array
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field

from core.model.chat import ChatMessage, ModelRequest, Usage
from core.model.wire import READ, message_bytes, tools_bytes

# What servers add of their own, in tokens: the frame of a message, and words of instruction that
# chat templates write when there are tools.
PER_MESSAGE = 16
PER_REQUEST = 512
MOST_WORKS = 1024
# Some servers are sent this as well, before a word that follows a result.
_READ_SIZE = PER_MESSAGE + len(message_bytes(READ))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parts:
    """The messages of a request: what tells each from others, and its size in bytes.

    A thousand threads are remembered with hundreds of messages each: as an object, one takes seven
    times as much.
    """

    digests: "array[int]" = field(default_factory=lambda: array("q"))
    sizes: "array[int]" = field(default_factory=lambda: array("q"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A request's bound: the most tokens, prompt and answer, that it can be charged; `prompt` of
    them for the prompt.

    `frame` is what else than the messages, its `parts`, decides how many tokens a prompt has.
    """

    bound: int
    prompt: int
    frame: tuple[str, bytes]
    parts: _Parts


@dataclass(frozen=True, slots=True, kw_only=True)
class _Last:
    """A work's last request that the server has measured: `prompt` tokens for all its parts."""

    frame: tuple[str, bytes]
    parts: _Parts
    prompt: int


class Bounds:
    """Remembers what servers reported for the latest works; forgetting one only costs slack."""

    def __init__(self) -> None:
        self._last: OrderedDict[str, _Last] = OrderedDict()

    def measure(self, work: str, request: ModelRequest) -> Measured:
        """The request's bound, by all that is known of the work's earlier ones."""
        last = self._last.get(work)
        parts = _parts(request.messages)
        frame = request.model, tools_bytes(request.tools)
        prompt = sum(parts.sizes) + PER_REQUEST + sum(map(len, frame))
        if last is not None and last.frame == frame:
            known = _same_start(parts.digests, last.parts.digests)
            prompt = min(prompt, last.prompt + sum(parts.sizes[known:]))
        bound = prompt + request.max_completion_tokens
        return Measured(bound=bound, prompt=prompt, frame=frame, parts=parts)

    def reported(self, work: str, measured: Measured, usage: Usage) -> None:
        """Note what the server said the request was."""
        self._last.pop(work, None)
        self._last[work] = _Last(frame=measured.frame, parts=measured.parts, prompt=usage.prompt)
        if len(self._last) > MOST_WORKS:
            self._last.popitem(last=False)


def _parts(messages: Sequence[ChatMessage]) -> _Parts:
    parts = _Parts()
    before = ""
    for message in messages:
        # As core.model.wire.follows_result: a job has hundreds of messages, with each step again.
        after_result = before == "tool" and message.role == "user"
        written = message_bytes(message)
        parts.digests.append(hash(written) ^ after_result)
        parts.sizes.append(PER_MESSAGE + len(written) + after_result * _READ_SIZE)
        before = message.role
    return parts


def _same_start(digests: Sequence[int], last: Sequence[int]) -> int:
    for place, (one, other) in enumerate(zip(digests, last, strict=False)):
        if one != other:
            return place
    return min(len(digests), len(last))
