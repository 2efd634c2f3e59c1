"""What a summary of a job's oldest steps is made of, and what stands in their place. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.fencing import closing, fenced
from core.model.chat import ChatMessage, ToolCall
from core.summaries.request import Piece

_LEAST_WHOLE = 2
"""Answers, with their results, that always stay."""
_MATERIAL = 40_000
_PIECE = (200, 1_500)
_TOLD = 12_000
_LISTED = 60
_LINE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgrown:
    """What a summary is to stand for: all up to the result of the call `upto`. `so_far` is the
    summary that stands for its beginning, `pieces` are the job and the steps since."""

    upto: str
    so_far: str
    pieces: tuple[Piece, ...]


def size_of(message: ChatMessage) -> int:
    """Characters of a message."""
    return len(message.text) + sum(len(call.arguments) for call in message.tool_calls)


def newest(messages: Sequence[ChatMessage], first: int, most: int) -> int:
    """The place from which on messages stay: as many answers, each with its results, as fit into
    `most` characters. `first` is the place where they may begin."""
    starts = [at for at in range(first, len(messages)) if messages[at].role == "assistant"]
    if len(starts) <= _LEAST_WHOLE:
        return first
    place, size = starts[-_LEAST_WHOLE], sum(map(size_of, messages[starts[-_LEAST_WHOLE] :]))
    for start in reversed(starts[:-_LEAST_WHOLE]):
        size += sum(map(size_of, messages[start:place]))
        if size > most:
            break
        place = start
    return place


def behind(messages: Sequence[ChatMessage], upto: str) -> int:
    """The place of the first answer behind the result of a call."""
    place = next(at for at, one in enumerate(messages) if one.tool_call_id == upto)
    later = range(place, len(messages))
    return next((at for at in later if messages[at].role == "assistant"), len(messages))


def outgrown(
    brief: str, so_far: str, parts: Sequence[ChatMessage], numbers: Mapping[str, int]
) -> Outgrown | None:
    """The parts as they are summed up; `numbers` are those of the results, by their calls. None
    where they hold no result."""
    results = [one.tool_call_id for one in parts if one.tool_call_id is not None]
    if not results:
        return None
    least, most = _PIECE
    share = max(least, min(most, _MATERIAL // len(parts)))
    names = {call.id: call.name for one in parts for call in one.tool_calls}
    pieces = [Piece(name="the job", text=_ends(brief, 2 * most))]
    for one in parts:
        if one.tool_call_id is not None:
            tool = names.get(one.tool_call_id, "a call")
            name = f"result {numbers[one.tool_call_id]}, of {tool}"
            pieces.append(Piece(name=name, text=_ends(_bare(one.text), share)))
        elif one.role == "assistant":
            pieces.append(Piece(name="what you did", text=_ends(_did(one), share)))
        else:
            pieces.append(Piece(name="what you were told", text=_ends(one.text, share)))
    return Outgrown(upto=results[-1], so_far=so_far, pieces=tuple(pieces))


def still_told(before: Sequence[str], gone: Sequence[ChatMessage]) -> tuple[str, ...]:
    """What people and the bot said, word by word: no model's summary stands for an instruction.
    The oldest goes where it is too much."""
    kept: list[str] = []
    left = _TOLD
    for text in reversed([*before, *(one.text for one in gone if one.role == "user")]):
        if not left:
            break
        kept.append(text[:left])
        left -= len(kept[-1])
    return tuple(reversed(kept))


def standing_for(text: str, told: Sequence[str], calls: Sequence[ToolCall]) -> ChatMessage:
    """The message in the place of the steps whose calls these are."""
    gone = f"Your steps up to result {len(calls)} are not shown any more."
    parts = [f"{gone} What follows stands for them; read_result shows each of their results whole."]
    if told:
        parts.append("\n".join(["In between you were told:", *told]))
    listed = list(enumerate(calls, 1))[-_LISTED:]
    results = [f"{number} {call.name} {call.arguments}"[:_LINE] for number, call in listed]
    summed = "\n".join([text, "", "Results:", *results])
    parts.append(fenced("a model's summary of these steps", summed))
    return ChatMessage(role="user", text="\n\n".join(parts))


def _did(message: ChatMessage) -> str:
    calls = (f"{call.name} {call.arguments}" for call in message.tool_calls)
    return "\n".join(part for part in (message.text, *calls) if part)


def _bare(text: str) -> str:
    """A result without the fence that it stands in."""
    end = closing(text)
    return text[text.index("\n") + 1 : len(text) - len(end)] if end else text


def _ends(text: str, most: int) -> str:
    if len(text) <= most:
        return text
    return f"{text[: most // 2]}\n[...]\n{text[-most // 2 :]}"
