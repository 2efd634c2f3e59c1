"""The offline model as primary agent: from a message to tool calls, from results to an answer."""

import re
from collections.abc import Sequence
from typing import assert_never

from core.model.chat import ChatMessage
from core.model.offline import words
from core.model.offline.hints import hint
from core.model.offline.intents import (
    LIGHT,
    Action,
    Cancel,
    CancelOpen,
    Change,
    Chat,
    Details,
    Greeting,
    Help,
    Intent,
    Item,
    LaunchText,
    LookUp,
    Show,
    Steer,
    Tell,
    Thanks,
    WhyCi,
    Work,
)
from core.model.offline.requests import understand, with_files
from core.model.offline.talk import (
    Call,
    Say,
    Told,
    change_call,
    results,
    search_call,
    show_call,
)

_JOB = re.compile(r"Job (\d+)")
# A line of list_jobs.
_OPEN = re.compile(r"^(?P<job>\d+) (?:queued|running|waiting): (?P<title>.*)$", re.MULTILINE)
_NAMED = 3  # of the jobs that were not started for one reason


def answer(messages: Sequence[ChatMessage]) -> Say:
    """The next move of the turn: tool calls first, then one answer from their results."""
    asked = max((at for at, m in enumerate(messages) if m.role == "user"), default=None)
    if asked is None:
        return Say(text=words.LOST)
    message = words.asked(messages[asked].text)
    intent = with_files(understand(message), words.sent(messages[asked].text))
    if isinstance(intent, Chat) and words.came(messages[asked].text):
        return Say(text=words.KEPT)
    since = messages[asked + 1 :]
    calls = _calls(intent)
    made = [call for message in since for call in message.tool_calls]
    if calls and not made:
        return Say(calls=calls)
    came = results(since)
    told = [_told(came.get(call.id, "Error: there was no result")) for call in made]
    if isinstance(intent, CancelOpen):
        return _stopping(intent, told)
    return Say(text=_answer(intent, told, message))


def _stopping(intent: CancelOpen, told: Sequence[Told]) -> Say:
    """What is open stands in the list of the jobs; each is stopped by a call of its own."""
    if len(told) > 1 or told[0].failed:
        return Say(text="\n".join(_line(one) for one in told[1:] or told))
    found = list(_OPEN.finditer(told[0].text))
    if not found:
        return Say(text=words.NONE_OPEN)
    if len(found) > 1 and not intent.every:
        lines = "\n".join(f"- job {one['job']}: {one['title']}" for one in found)
        return Say(text=f"{words.WHICH}\n\n{lines}")
    stops = (Call(tool="cancel_job", arguments={"job": int(one["job"])}) for one in found)
    return Say(calls=tuple(stops))


def _told(text: str) -> Told:
    failed = text.startswith(("Error", "error"))
    return Told(text=words.bare_result(text.removeprefix("Error: ")), failed=failed)


def _calls(intent: Intent) -> tuple[Call, ...]:
    match intent:
        case Work(items=items, background=background):
            return tuple(
                call
                for number, item in enumerate(items, start=1)
                for call in _item_calls(item, background, _brief(item, number, len(items)))
            )
        case Cancel(job=job):
            return (Call(tool="cancel_job", arguments={"job": job}),)
        case Steer(job=job, message=word):
            return (Call(tool="steer_job", arguments={"job": job, "message": word}),)
        case Details(job=None) | CancelOpen():
            return (Call(tool="list_jobs", arguments={}),)
        case Details(job=job):
            return (Call(tool="job_details", arguments={"job": job}),)
        case Greeting() | Thanks() | Help() | Chat():
            return ()
        case _ as unreachable:
            assert_never(unreachable)


def _light(item: Item, background: bool) -> bool:
    return not background and all(isinstance(action, LIGHT) for action in item.actions)


def _item_calls(item: Item, background: bool, brief: str) -> tuple[Call, ...]:
    if _light(item, background):
        return tuple(_light_call(one) for one in item.actions if not isinstance(one, Tell))
    arguments = {"title": _title(item), "brief": brief}
    return (Call(tool="start_job", arguments=arguments),)


def _brief(item: Item, number: int, count: int) -> str:
    """The item's own words, and that others were asked for with it: not what they are, or each job
    would seem to have to do with all their files."""
    if count == 1:
        return item.words
    return f"{item.words}\n\n(Part {number} of {count} of a request.)"


def _title(item: Item) -> str:
    match item.actions:
        case (LaunchText(platform=platform),):
            return words.title(f"Launch text for {platform}")
        case (WhyCi(build=build),):
            return f"Why CI build {build} failed" if build else "Why CI failed"
        case _:
            return words.title(item.words)


def _light_call(action: Action) -> Call:
    match action:
        case LookUp():
            return search_call(action)
        case Show():
            return show_call(action)
        case Change():
            return change_call(action)
        case _:
            raise TypeError(f"{action} needs a job")


def _answer(intent: Intent, told: Sequence[Told], message: str) -> str:
    match intent:
        case Work():
            return _work_answer(intent, told)
        case Cancel() | CancelOpen() | Steer() | Details():
            return "\n".join(_line(one) for one in told)
        case Greeting():
            return words.HELLO
        case Thanks():
            return words.WELCOME
        case Help():
            return words.HELP
        case Chat():
            return f"{words.LOST} {hint(message)}"
        case _ as unreachable:
            assert_never(unreachable)


def _work_answer(work: Work, told: Sequence[Told]) -> str:
    """What was started, in one list, after what was done at once."""
    left = list(told)
    done: list[str] = []
    started: list[str] = []
    refused: dict[str, list[str]] = {}
    for item in work.items:
        light = _light(item, work.background)
        for action in item.actions if light else item.actions[:1]:
            if light and isinstance(action, Tell):
                done.append(action.words)
                continue
            one = left.pop(0) if left else Told(text="there was no result", failed=True)
            if light:
                done.append(_done(action, one))
            elif one.failed:
                refused.setdefault(one.text, []).append(f"**{_title(item)}**")
            else:
                started.append(_started(item, one))
    left_out = [_refused(titles, why) for why, titles in refused.items()]
    done += [_summary([*started, *left_out])] if started else left_out
    return "\n\n".join(done)


def _refused(titles: Sequence[str], why: str) -> str:
    more = len(titles) - _NAMED
    named = ", ".join(titles[:_NAMED]) + (f" and {more} more" if more > 0 else "")
    reason = why.partition("; tell the person")[0]
    return f"{named} {'was' if len(titles) == 1 else 'were'} not started: {reason}"


def _done(action: Action, told: Told) -> str:
    if told.failed:
        return _line(told)
    match action:
        case LookUp(query=query, source=source):
            place = f" in {words.code(source)}" if source else ""
            return f"Looked up {words.code(query)}{place}:\n{words.block(told.text)}"
        case Change():
            return f"Done: {told.text}"
        case Show(key=key) if told.text == f"There is no {key!r}.":
            return f"There is no {words.code(key)} in this channel's state. {words.UNKNOWN}"
        case _:
            return words.block(told.text) if "\n" in told.text else told.text


def _started(item: Item, told: Told) -> str:
    number = _JOB.match(told.text)
    if number and "already" in told.text:
        return f"job {number[1]}: **{_title(item)}** (it does just this already)"
    queued = f" ({told.text})" if "queued" in told.text else ""
    return f"job {number[1]}: **{_title(item)}**{queued}" if number else told.text


def _summary(started: Sequence[str]) -> str:
    if len(started) == 1:
        return f"In the background: {started[0]}. The result comes here by itself."
    lines = "\n".join(f"- {line}" for line in started)
    return f"In the background, each on its own:\n\n{lines}\n\nThe results come here by themselves."


def _line(told: Told) -> str:
    # What the tools say of tools, in what people can say.
    text = told.text.replace("list_jobs", "`list jobs`")
    return f"That did not work: {text}" if told.failed else told.text
