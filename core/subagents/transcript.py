"""What the model is sent: a job's journal as messages, kept within a bound. Writes nothing."""

import json
from collections.abc import Iterable, Mapping

from core.fencing import closing, fenced, label, unhidden
from core.model.chat import ChatMessage, ToolCall
from core.state.operations import Json
from core.subagents import breakdowns as breakdown
from core.subagents.journal_rows import Step, StepKind
from core.subagents.summing import (
    Outgrown,
    behind,
    newest,
    outgrown,
    size_of,
    standing_for,
    still_told,
)

BOUND = 80_000
"""Characters of a request; when it grows beyond, a summary stands for what is oldest, or it is cut
to below half of the bound."""
LONG = 14_000
"""Characters of a result that are shown as it comes: its two ends. `read_result` shows the rest."""
# The newest messages are what the model works with; they are cut only if nothing else helps.
_KEPT_WHOLE = (6, 1)
_CUT = 600
# Of the bound, what stays beside a summary: the next one is far away then.
_STAYS = 4
# What they return are a person's words, or the bot's own.
_TRUSTED = frozenset({"ask", "change_state", "finish", "progress"})


class Transcript:
    """The messages of one job. What is told between a call and its result waits for the result:
    servers refuse anything else there."""

    def __init__(self, opening: Iterable[ChatMessage], bound: int = BOUND) -> None:
        """With a `bound` of 0 it is the usual one, and no summary is made of anything."""
        self._messages = list(opening)
        self._summary = ""
        self._told: tuple[str, ...] = ()
        self._first = len(self._messages)
        self._size = sum(map(size_of, self._messages))
        self._bound = bound or BOUND
        self._sums = bound > 0
        self._unanswered: dict[str, ToolCall] = {}
        self._held: list[str] = []
        self._answered: dict[str, ToolCall] = {}
        self.last_text = ""
        self.last_calls: tuple[ToolCall, ...] = ()

    @property
    def ends_plain(self) -> bool:
        """Whether the last word is the model's, and calls nothing."""
        return self._messages[-1].role == "assistant" and not self._unanswered

    @property
    def unanswered(self) -> Mapping[str, ToolCall]:
        """The calls of the last answer that have no result yet, in the model's order."""
        return self._unanswered

    @property
    def calls(self) -> tuple[ToolCall, ...]:
        """The calls that have a result, in their order."""
        return tuple(self._answered.values())

    @property
    def outgrown(self) -> bool:
        """Whether it has grown beyond its bound."""
        return self._size > self._bound

    @property
    def tainted(self) -> bool:
        """Whether it holds what a tool found, which anybody may have written."""
        return any(call.name not in _TRUSTED for call in self._answered.values())

    @property
    def last_words(self) -> str:
        """What the model last said beside its calls; "" if nothing."""
        said = (one.text for one in reversed(self._messages) if one.role == "assistant")
        return next((text for text in said if text.strip()), "")

    def result(self, number: int) -> ToolCall | None:
        """The call with the n-th result, from 1; None if there are not so many."""
        return self.calls[number - 1] if 0 < number <= len(self._answered) else None

    def knows(self, call: str) -> bool:
        """Whether a call of this id was ever made."""
        return call in self._answered or call in self._unanswered

    def said(self, text: str, calls: tuple[ToolCall, ...]) -> None:
        """The model has answered."""
        self.last_text, self.last_calls = text, calls
        self._unanswered = {call.id: call for call in calls}
        self._add(ChatMessage(role="assistant", text=text, tool_calls=calls))

    def answered(self, call: str, result: str) -> None:
        """A call has its result."""
        made = self._answered[call] = self._unanswered.pop(call)
        result = _ends(result, len(self._answered))
        text = result if made.name in _TRUSTED else fenced(made.name, result)
        self._add(ChatMessage(role="tool", text=text, tool_call_id=call))
        if not self._unanswered:
            held, self._held = self._held, []
            for text in held:
                self.told(text)

    def told(self, text: str) -> None:
        """Somebody has something to say to the model."""
        if self._unanswered:
            self._held.append(text)
        else:
            self._add(ChatMessage(role="user", text=text))

    def messages(self) -> tuple[ChatMessage, ...]:
        """The whole request."""
        return tuple(self._messages)

    def oldest(self) -> Outgrown | None:
        """What a summary is to stand for, None where it would not help: little is old."""
        if not self._sums:
            return None
        begin = self._first + bool(self._summary)
        end = newest(self._messages, begin, self._bound // _STAYS)
        parts = self._messages[begin:end]
        if sum(map(size_of, parts)) < self._bound // _STAYS:
            return None
        numbers = {id: number for number, id in enumerate(self._answered, 1)}
        return outgrown(self._messages[self._first - 1].text, self._summary, parts, numbers)

    def sum_up(self, upto: str, text: str) -> None:
        """From now on `text` stands for all up to the result of the call `upto`; a journal that
        names one which is not shown is taken for a cut."""
        if not any(one.tool_call_id == upto for one in self._messages):
            self.cut()
            return
        begin, end = self._first + bool(self._summary), behind(self._messages, upto)
        self._told = still_told(self._told, self._messages[begin:end])
        self._summary = text
        calls = self.calls[: 1 + list(self._answered).index(upto)]
        self._messages[self._first : end] = [standing_for(text, self._told, calls)]
        self._size = sum(map(size_of, self._messages))
        if self.outgrown:
            self.cut()

    def cut(self) -> None:
        """Cut the oldest results, as far as that brings it to half of its bound."""
        self._cut_to(self._bound // 2)

    def shrink(self) -> bool:
        """Make it about half as long as it is; False if nothing more can be cut."""
        before = self._size
        self._cut_to(before // 2)
        return self._size < before

    def _add(self, message: ChatMessage) -> None:
        self._messages.append(message)
        self._size += size_of(message)

    def _cut_to(self, size: int) -> None:
        # Much at once and seldom: every cut changes the prefix that servers have cached.
        numbers = {id: number for number, id in enumerate(self._answered, 1)}
        for kept in _KEPT_WHOLE:
            for place in range(self._first, len(self._messages) - kept):
                if self._size <= size:
                    return
                message = self._messages[place]
                shorter = _shorter(message, numbers)
                self._messages[place] = shorter
                self._size += size_of(shorter) - size_of(message)


def replay(transcript: Transcript, steps: Iterable[Step]) -> int:
    """Put what the journal holds into the transcript; returns how often the model has answered."""
    answers = 0
    for step in steps:
        match step.kind:
            case StepKind.MODEL:
                for _ in range(step.shortened):
                    if not transcript.shrink():
                        break
                reply = step.reply
                if reply is not None:
                    answers += 1
                    transcript.said(reply.text, reply.tool_calls)
            case StepKind.TOOL:
                if step.response is not None and (step.call or "") in transcript.unanswered:
                    transcript.answered(step.call or "", step.response)
            case StepKind.STEERING:
                transcript.told(steered(step.name, step.request))
            case StepKind.ATTEMPT:
                if step.response:
                    transcript.told(step.response)
            case StepKind.SUMMARY:
                if step.response:
                    transcript.sum_up(step.request, step.response)
                elif step.response is not None:
                    transcript.cut()
            case StepKind.BREAKDOWN:
                transcript.told(breakdown.told(step.response or ""))
    return answers


def steered(by: str, text: str) -> str:
    """A person's word to the model; without a name it is the bot's own."""
    return f"{label(by)} says: {unhidden(text)}" if by else text


def _again(number: int) -> str:
    return f"read_result with result {number} shows them"


def _ends(result: str, number: int) -> str:
    """A result without the middle of a long one. Cut as it comes, so that it stays the same."""
    if len(result) <= LONG:
        return result
    head, tail = result[: LONG // 2], result[-LONG // 2 :]
    return f"{head}\n[{len(result) - LONG} characters are left out here; {_again(number)}]\n{tail}"


def _shorter(message: ChatMessage, numbers: Mapping[str, int]) -> ChatMessage:
    """The message with its long parts cut, itself if it has none. There may be thousands."""
    if message.role == "tool" and message.tool_call_id and len(message.text) > 2 * _CUT:
        text = _cut(message.text, _again(numbers[message.tool_call_id]))
        return ChatMessage(role="tool", text=text, tool_call_id=message.tool_call_id)
    if message.role == "assistant" and any(len(c.arguments) > 2 * _CUT for c in message.tool_calls):
        calls = tuple(
            ToolCall(id=call.id, name=call.name, arguments=_cut_arguments(call.arguments))
            for call in message.tool_calls
        )
        return ChatMessage(role="assistant", text=message.text, tool_calls=calls)
    return message


def _cut(text: str, again: str) -> str:
    if len(text) <= 2 * _CUT:
        return text
    end = closing(text)
    left = len(text) - len(end) - _CUT
    note = f"[{left} more characters were cut here to save room; {again}]"
    return f"{text[:_CUT]}\n{note}{end}"


def _cut_arguments(arguments: str) -> str:
    if len(arguments) <= 2 * _CUT:
        return arguments
    try:
        given: Json = json.loads(arguments)
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict):
        return "{}"
    again = "the call was made with the whole"
    short = {
        name: _cut(value, again) if isinstance(value, str) else value
        for name, value in given.items()
    }
    return json.dumps(short)
