"""The offline model as subagent: plays the job through against the transcript, to its next call.

It keeps nothing between calls. The job is a generator of tool calls; each time it runs from its
start and is fed the results that the transcript holds, and the first call beyond them is next.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from core.model.chat import ChatMessage
from core.model.offline import words
from core.model.offline.desk import Desk, Steps, Word, tell, told
from core.model.offline.requests import brief_actions
from core.model.offline.steering import obey
from core.model.offline.steps import perform
from core.model.offline.talk import Call, Say, Told, results
from core.state.operations import Json

_BRIEF = re.compile(r"<brief>\n?(.*?)\n?</brief>", re.DOTALL)
_SOURCES = re.compile(r"^Sources: (.+)$", re.MULTILINE)
_SAYS = re.compile(r"(?P<by>[^\n]{1,200}?) says: (?P<text>.+)", re.DOTALL)
# Finishing again helps against a slip of the host, not against its refusal.
_MOST_ENDS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class _Result:
    """One call's result."""

    text: str


def work(messages: Sequence[ChatMessage], tools: frozenset[str]) -> Say:
    """The job's next call, or its result as plain words when it cannot be handed in."""
    first = next((at for at, m in enumerate(messages) if m.role == "user"), None)
    if first is None:
        return Say(text=words.LOST)
    opening = messages[first].text
    listed = _SOURCES.search(opening)
    names = re.findall(r"/sources/([\w.-]+)", listed[1]) if listed else []
    desk = Desk(tools=tools, sources=tuple(names))
    found = _BRIEF.search(opening)
    desk.queue.extend(brief_actions(found[1] if found else opening))
    call = _next(_job(desk), desk, _events(messages[first + 1 :]))
    return Say(text=desk.report()) if call is None else Say(calls=(call,))


def _next(job: Steps, desk: Desk, events: Iterator[_Result | Word]) -> Call | None:
    """Feed the job all that happened so far and return what it wants next."""
    due: Told | None = None

    def on() -> Call:
        return next(job) if due is None else job.send(due)

    try:
        for event in events:
            if isinstance(event, Word):
                desk.heard.append(event)
                continue
            # What people said before a call was made was known when it was made.
            on()
            due = told(event.text)
        return on()
    except StopIteration:
        return None


def _events(messages: Sequence[ChatMessage]) -> Iterator[_Result | Word]:
    came = results(messages)
    for message in messages:
        for call in message.tool_calls:
            yield _Result(text=came.get(call.id, "error: there was no result"))
        said = _SAYS.fullmatch(message.text) if message.role == "user" else None
        if said is not None:
            yield Word(by=said["by"], text=said["text"].strip())


def _job(desk: Desk) -> Steps:
    for _ in range(_MOST_ENDS):
        while desk.queue or desk.heard:
            while desk.heard:
                word = desk.heard.popleft()
                heard = obey(word, desk)
                yield tell(heard)
            if desk.queue:
                yield from perform(desk.queue.popleft(), desk)
        arguments: dict[str, Json] = {"result": desk.report(), "files": [*desk.files]}
        end = yield Call(tool="finish", arguments=arguments)
        if not desk.heard:
            desk.failed("handing in the result", end)
