"""What a subagent and its host say to each other: one JSON object a line. No pipe, no journal.

The subagent asks and the host answers, one question at a time. Everything a subagent says is
untrusted: `parse` accepts exactly the frames below, nothing near them. Who is speaking is known
by the pipe it came through and is never a field.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn, assert_never

from core.errors import ThawError
from core.model.chat import ToolCall

VERSION = 1
MAX_LINE = 1 << 20
"""Bytes of the longest line a subagent may send, without its newline."""
MAX_REPLY = 1 << 24
"""Bytes of the longest line a host sends: the runtime reads no longer one."""
_MAX_NAME = 256
_MAX_FILES = 1000


class ProtocolError(ThawError):
    """A subagent said something that cannot be trusted or understood; nothing of it was used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hello:
    """The first frame of every run."""

    id: int
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AskModel:
    """Wants the next assistant message; the host keeps the transcript."""

    id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Begin:
    """A tool inside the sandbox is about to run for `call`; `detail` is a line for people."""

    id: int
    call: str
    tool: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """The tool of the last Begin has run; `result` is what the model is to be told. No reply."""

    id: int
    call: str
    result: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallTool:
    """Wants the host to run a tool; `arguments` is the model's own text."""

    id: int
    call: str
    tool: str
    arguments: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finish:
    """The work is done. `call` is None when the model just answered without calling a tool."""

    id: int
    call: str | None
    result: str
    files: tuple[str, ...]


Frame = Hello | AskModel | Begin | End | CallTool | Finish


@dataclass(frozen=True, slots=True, kw_only=True)
class Welcome:
    """Answers Hello: whether commands may run here, and if not, why."""

    shell: bool
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Answers AskModel: what the model said."""

    text: str
    calls: tuple[ToolCall, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """Answers AskModel: there will be no next message; the runtime exits with code 3."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Proceed:
    """Answers Begin (run the tool) and Finish (exit with code 0)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Answers Begin (do not run it) and Finish (go on working).

    The host has put `error` into the transcript as the call's result; no End follows.
    """

    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """Answers CallTool: what the model is to be told."""

    text: str


Reply = Welcome | Answer | Stop | Proceed | Refused | Result


def parse(line: bytes) -> Frame:
    """Read one line (without its newline) that came from a subagent. Raises ProtocolError."""
    if len(line) > MAX_LINE:
        raise ProtocolError(f"the subagent sent a line of more than {MAX_LINE} bytes")
    try:
        value = json.loads(line, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise ProtocolError(f"the subagent sent a line that is not JSON: {_shown(line)}") from error
    if not isinstance(value, dict):
        raise ProtocolError(f"the subagent sent JSON that is not an object: {_shown(line)}")
    kind = value.pop("kind", None)
    build = _BUILDERS.get(kind) if isinstance(kind, str) else None
    if build is None:
        raise ProtocolError(f"the subagent sent a frame of no known kind: {_shown(line)}")
    fields = _Fields(value, str(kind))
    frame = build(fields)
    fields.done()
    return frame


def encode(to: int, reply: Reply) -> bytes:
    """Write the reply to frame `to` as a line, newline included. ProtocolError if too long."""
    line = json.dumps({"id": to, **_body(reply)}).encode() + b"\n"
    if len(line) > MAX_REPLY:
        raise ProtocolError(f"a reply to the subagent has more than {MAX_REPLY} bytes")
    return line


def _body(reply: Reply) -> dict[str, object]:
    match reply:
        case Welcome():
            return {"shell": reply.shell, "reason": reply.reason}
        case Answer():
            calls = [{"id": c.id, "name": c.name, "arguments": c.arguments} for c in reply.calls]
            return {"text": reply.text, "calls": calls}
        case Stop():
            return {"stop": reply.reason}
        case Proceed():
            return {"ok": True}
        case Refused():
            return {"error": reply.error}
        case Result():
            return {"result": reply.text}
        case _:
            assert_never(reply)


class _Fields:
    """The fields of one frame, each to be taken exactly once."""

    def __init__(self, value: dict[str, object], kind: str) -> None:
        self._value = value
        self._kind = kind

    def number(self, name: str) -> int:
        found = self._take(name)
        if type(found) is not int or not 0 <= found < 1 << 53:
            self._fail(f"{name} must be a whole number")
        return found

    def text(self, name: str, most: int = MAX_LINE) -> str:
        found = self._take(name)
        if not isinstance(found, str):
            self._fail(f"{name} must be text")
        return self._sound(name, found, most)

    def name(self, name: str) -> str:
        return self.text(name, _MAX_NAME)

    def name_or_none(self, name: str) -> str | None:
        if self._value.get(name) is not None:
            return self.name(name)
        self._take(name)
        return None

    def names(self, name: str) -> tuple[str, ...]:
        found = self._take(name)
        if not isinstance(found, list) or len(found) > _MAX_FILES:
            self._fail(f"{name} must be a list of at most {_MAX_FILES} texts")
        for item in found:
            if not isinstance(item, str):
                self._fail(f"{name} must hold texts only")
            self._sound(name, item, 4096)
        return tuple(found)

    def done(self) -> None:
        if self._value:
            self._fail(f"{_shown(str(sorted(self._value)).encode())} do not belong there")

    def _take(self, name: str) -> object:
        return self._value.pop(name, None)

    def _sound(self, name: str, text: str, most: int) -> str:
        if len(text) > most:
            self._fail(f"{name} is longer than {most} characters")
        try:
            text.encode()  # lone surrogates would break whoever stores or shows the text
        except UnicodeEncodeError:
            self._fail(f"{name} is not valid Unicode")
        return text

    def _fail(self, what: str) -> NoReturn:
        raise ProtocolError(f"the subagent sent a wrong {self._kind} frame: {what}")


def _hello(f: _Fields) -> Frame:
    return Hello(id=f.number("id"), version=f.number("version"))


def _model(f: _Fields) -> Frame:
    return AskModel(id=f.number("id"))


def _begin(f: _Fields) -> Frame:
    return Begin(
        id=f.number("id"), call=f.name("call"), tool=f.name("tool"), detail=f.text("detail", 4096)
    )


def _end(f: _Fields) -> Frame:
    return End(id=f.number("id"), call=f.name("call"), result=f.text("result"))


def _tool(f: _Fields) -> Frame:
    return CallTool(
        id=f.number("id"),
        call=f.name("call"),
        tool=f.name("tool"),
        arguments=f.text("arguments"),
    )


def _finish(f: _Fields) -> Frame:
    return Finish(
        id=f.number("id"),
        call=f.name_or_none("call"),
        result=f.text("result"),
        files=f.names("files"),
    )


_BUILDERS: dict[str, Callable[[_Fields], Frame]] = {
    "hello": _hello,
    "model": _model,
    "begin": _begin,
    "end": _end,
    "tool": _tool,
    "finish": _finish,
}


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _shown(line: bytes) -> str:
    return repr(line[:80].decode("utf-8", "replace")) + ("…" if len(line) > 80 else "")
