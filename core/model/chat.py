"""What is said to a model and what it says back. Data only; no client, no money."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

Role = Literal["system", "user", "assistant", "tool"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """A tool call as the model wrote it: `arguments` is its text, hopefully a JSON object."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatMessage:
    """One message of a request.

    `tool_calls` only from the assistant, `tool_call_id` only from a tool.
    """

    role: Role
    text: str
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None
    # As it is sent, once it was: a job sends all its messages with each step.
    _written: bytes | None = field(default=None, init=False, repr=False, compare=False)

    def written(self, write: Callable[["ChatMessage"], bytes]) -> bytes:
        """What `write` makes of it, which is always the same."""
        written = self._written
        if written is None:
            written = write(self)
            object.__setattr__(self, "_written", written)
        return written


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolSpec:
    """A tool that a model may call; `parameters` is a JSON Schema of an object."""

    name: str
    description: str
    parameters: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens as the server reported them.

    `cached` is part of `prompt`, and so is `written`, what the server put into its cache;
    `reasoning` is part of `completion`.
    """

    prompt: int
    completion: int
    cached: int = 0
    reasoning: int = 0
    written: int = 0

    @property
    def total(self) -> int:
        """What counts against a budget."""
        return self.prompt + self.completion


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRequest:
    """One call. `max_completion_tokens` is always sent, so that the call has an upper bound."""

    model: str
    messages: tuple[ChatMessage, ...]
    tools: tuple[ToolSpec, ...]
    max_completion_tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelReply:
    """One answer. `usage` is None when the server reported none; `finish` is the server's reason.

    `offline` is True when the built-in stand-in wrote it. `cost` is what was charged for it, in
    nanodollars; None where no price is known.
    """

    text: str
    tool_calls: tuple[ToolCall, ...]
    usage: Usage | None
    finish: str
    offline: bool = False
    cost: int | None = None
