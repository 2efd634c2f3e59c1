"""What a model says next: words, and calls of tools. Data only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.model.chat import ChatMessage
from core.model.offline.intents import Change, LookUp, Show
from core.state.operations import Json, Op


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A tool call to make."""

    tool: str
    arguments: Mapping[str, Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class Say:
    """The next message of the assistant."""

    text: str = ""
    calls: tuple[Call, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What came of a call. `failed`: it did not do what was asked."""

    text: str
    failed: bool = False


def results(messages: Sequence[ChatMessage]) -> dict[str, str]:
    """Each tool call's result, by the call's id."""
    return {m.tool_call_id: m.text for m in messages if m.role == "tool" and m.tool_call_id}


def search_call(wanted: LookUp) -> Call:
    """The call that looks something up."""
    arguments: dict[str, Json] = {"query": wanted.query}
    if wanted.source is not None:
        arguments["source"] = wanted.source
    return Call(tool="search", arguments=arguments)


def show_call(wanted: Show) -> Call:
    """The call that reads the state."""
    return Call(tool="read_state", arguments={"prefix" if wanted.prefix else "key": wanted.key})


def change_call(wanted: Change) -> Call:
    """The call that changes the state."""
    arguments: dict[str, Json] = {"key": wanted.key, "operation": wanted.op.value}
    if wanted.op is not Op.DELETE:
        arguments["value"] = wanted.value
    return Call(tool="change_state", arguments=arguments)
