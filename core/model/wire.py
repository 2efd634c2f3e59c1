"""Chat Completions as JSON: requests out, replies in, plain and in chunks. Pure; no network.

Strict in what it sends and liberal in what it takes: any part of a reply may be missing, null or
of a wrong type, and becomes an ordinary reply as long as it can be told what was meant.
"""

import json
import re
import secrets
from collections.abc import Mapping, Sequence

from core.model.chat import ChatMessage, ModelReply, ModelRequest, ToolCall, ToolSpec, Usage
from core.model.dialect import Dialect

# More tokens than any call can have: beyond it a server's number is nonsense.
MOST_TOKENS = 10**9

_CACHED = ("prompt_cache_hit_tokens", "cached_tokens")

# Of so many tuples of tools it is remembered how they are written: each program has a few.
MOST_TOOLS = 128

# What the assistant is made to say where a server takes no word right after a result (decision 93).
READ = ChatMessage(role="assistant", text="I have read the result.")

_encoder = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_written: dict[int, tuple[tuple[ToolSpec, ...], bytes]] = {}


def encode(request: ModelRequest, dialect: Dialect, *, stream: bool) -> bytes:
    """The request's body. Message by message, so that a long one never holds the interpreter."""
    head: dict[str, object] = {
        "model": request.model,
        dialect.limit: request.max_completion_tokens,
    }
    if stream:
        head["stream"] = True
        if dialect.stream_options:
            head["stream_options"] = {"include_usage": True}
    tools = b',"tools":' + tools_bytes(request.tools) if request.tools else b""
    said = _alternating(request.messages) if dialect.alternating else request.messages
    messages = b",".join(map(message_bytes, said))
    return _bytes(head)[:-1] + tools + b',"messages":[' + messages + b"]}"


def follows_result(messages: Sequence[ChatMessage], place: int) -> bool:
    """Whether the message there is a word to the model right after a tool's result."""
    return messages[place].role == "user" and place > 0 and messages[place - 1].role == "tool"


def tools_bytes(tools: tuple[ToolSpec, ...]) -> bytes:
    """The tools as they are sent. Written once: the calls of a turn or a job share one tuple."""
    # The tuple is kept beside its bytes, so that its id stays its own.
    kept, written = _written.get(id(tools), (None, b""))
    if kept is tools:
        return written
    written = _bytes([_tool(tool) for tool in tools])
    if len(_written) >= MOST_TOOLS:
        _written.clear()
    _written[id(tools)] = tools, written
    return written


def message_bytes(message: ChatMessage) -> bytes:
    """One message as it is sent."""
    return message.written(_write)


def _write(message: ChatMessage) -> bytes:
    if message.tool_calls or message.tool_call_id is not None:
        return _bytes(_message(message))
    # Most messages.
    text = f'{{"role":"{message.role}","content":{_encoder.encode(message.text)}}}'
    return text.encode("utf-8", "replace")


def _alternating(messages: Sequence[ChatMessage]) -> list[ChatMessage]:
    said: list[ChatMessage] = []
    for place, message in enumerate(messages):
        if follows_result(messages, place):
            said.append(READ)
        if said and said[-1].role == message.role == "user":
            said[-1] = ChatMessage(role="user", text=f"{said[-1].text}\n\n{message.text}")
        else:
            said.append(message)
    return said


def _bytes(value: object) -> bytes:
    # A lone surrogate has no UTF-8; servers refuse its escape as well.
    return _encoder.encode(value).encode("utf-8", "replace")


def _tool(tool: ToolSpec) -> dict[str, object]:
    function = {
        "name": tool.name,
        "description": tool.description,
        "parameters": tool.parameters,
    }
    return {"type": "function", "function": function}


def _message(message: ChatMessage) -> dict[str, object]:
    # Beside tool calls "" is what all servers take; some refuse null, some want the key.
    out: dict[str, object] = {"role": message.role, "content": message.text}
    if message.tool_calls:
        out["tool_calls"] = [_call(call) for call in message.tool_calls]
    if message.tool_call_id is not None:
        out["tool_call_id"] = message.tool_call_id
    return out


def _call(call: ToolCall) -> dict[str, object]:
    function = {"name": call.name, "arguments": _sendable(call.arguments)}
    return {"id": call.id, "type": "function", "function": function}


def _sendable(arguments: str) -> str:
    """Arguments that servers take back: some parse them and refuse a transcript with bad JSON."""
    try:
        if isinstance(json.loads(arguments), dict):
            return arguments
    except (ValueError, RecursionError):
        pass
    return _encoder.encode({"malformed": arguments})


class Assembly:
    """Collects a reply from a whole completion or from a stream's chunks.

    `add` returns the further text that a chunk brought.
    """

    def __init__(self) -> None:
        self.recognised = False
        self.size = 0
        """Characters of text and arguments so far."""
        self._texts: list[str] = []
        self._refusals: list[str] = []
        self._calls: list[_OpenCall] = []
        self._usage: Usage | None = None
        self._finish = ""

    @property
    def finished(self) -> bool:
        """Whether the server has given its reason for ending."""
        return bool(self._finish)

    def add(self, chunk: Mapping[str, object]) -> str:
        """Take one chunk; chunks without choices, or with null in any place, are ordinary."""
        self.recognised = self.recognised or "choices" in chunk or "usage" in chunk
        self._usage = _usage(chunk.get("usage")) or self._usage
        text = ""
        for choice in _objects(chunk.get("choices"))[:1]:
            self._finish = _string(choice.get("finish_reason")) or self._finish
            whole, delta = choice.get("message"), choice.get("delta")
            part = whole if isinstance(whole, Mapping) else delta
            if isinstance(part, Mapping):
                text = _text(part.get("content"))
                refusal = _text(part.get("refusal"))
                self._refusals.append(refusal)
                self.size += len(text) + len(refusal)
                for fragment in _objects(part.get("tool_calls")):
                    self._fragment(fragment, fresh=part is whole)
        self._texts.append(text)
        return text

    def reply(self) -> ModelReply:
        """What has come, as one reply. Calls without an id, or with a used one, get their own."""
        calls, seen = [], set[str]()
        for call in self._calls:
            # Nine letters and digits: some servers take back no other form.
            identity = call.id if call.id and call.id not in seen else secrets.token_hex(5)[:9]
            seen.add(identity)
            arguments = "".join(call.arguments).strip() or "{}"
            calls.append(ToolCall(id=identity, name=sendable_name(call.name), arguments=arguments))
        text = "".join(self._texts) or "".join(self._refusals)
        finish = self._finish or ("tool_calls" if calls else "stop")
        return ModelReply(text=text, tool_calls=tuple(calls), usage=self._usage, finish=finish)

    def _fragment(self, fragment: Mapping[str, object], *, fresh: bool) -> None:
        function = fragment.get("function")
        function = function if isinstance(function, Mapping) else fragment
        index, identity = fragment.get("index"), _string(fragment.get("id"))
        name, arguments = _string(function.get("name")), function.get("arguments")
        # In a whole message every item is a call of its own.
        call = self._append(index, identity) if fresh else self._open(index, identity, name)
        call.id, call.name = call.id or identity, call.name or name
        if arguments is not None:
            piece = arguments if isinstance(arguments, str) else _encoder.encode(arguments)
            call.arguments.append(piece)
            self.size += len(piece)

    def _open(self, index: object, identity: str, name: str) -> "_OpenCall":
        """The call a fragment belongs to. Some servers give no index, or 0 to every call."""
        for call in reversed(self._calls):
            if identity and call.id:
                if identity == call.id:
                    return call
            elif index is not None:
                if index == call.index:
                    return call
            elif not (name and call.name):
                return call
        return self._append(index, identity)

    def _append(self, index: object, identity: str) -> "_OpenCall":
        self._calls.append(_OpenCall(index, identity))
        return self._calls[-1]


class _OpenCall:
    """A tool call as far as it has come."""

    def __init__(self, index: object, identity: str) -> None:
        self.index = index
        self.id = identity
        self.name = ""
        self.arguments: list[str] = []


def _objects(value: object) -> list[Mapping[str, object]]:
    items = value if isinstance(value, list) else []
    return [item for item in items if isinstance(item, Mapping)]


def _string(value: object) -> str:
    return value if isinstance(value, str) else ""


def _text(content: object) -> str:
    """Text content; some servers send a list of parts."""
    if isinstance(content, list):
        return "".join(_string(part.get("text")) for part in _objects(content))
    return _string(content)


def sendable_name(name: str) -> str:
    """A tool's name, as a model wrote it, in a form that servers take back."""
    return re.sub(r"[^A-Za-z0-9_-]", "_", name)[:64] or "unnamed"


def _usage(value: object) -> Usage | None:
    if not isinstance(value, Mapping):
        return None
    prompt, completion = _count(value, "prompt_tokens"), _count(value, "completion_tokens")
    if prompt is None or completion is None or not prompt + completion:
        return None
    # Some servers count what was reasoned in the total alone.
    completion = max(completion, (_count(value, "total_tokens") or 0) - prompt)
    cached = _detail(value, "prompt_tokens_details", "cached_tokens")
    return Usage(
        prompt=prompt,
        completion=completion,
        # Older servers have names of their own for what was cached.
        cached=cached or max(_count(value, name) or 0 for name in _CACHED),
        reasoning=_detail(value, "completion_tokens_details", "reasoning_tokens"),
        written=_detail(value, "prompt_tokens_details", "cache_write_tokens"),
    )


def _detail(usage: Mapping[str, object], group: str, name: str) -> int:
    details = usage.get(group)
    return (_count(details, name) or 0) if isinstance(details, Mapping) else 0


def _count(numbers: Mapping[str, object], name: str) -> int | None:
    value = numbers.get(name)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value <= MOST_TOKENS else None
