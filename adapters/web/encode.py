"""What the server says to the page, as JSON text frames: value -> frame. Pure; sends nothing.

By `type`:

* `welcome` name, max_frame, files (`most`, and bytes of the `largest` and of `all`): first on each
  connection
* `kept` id, `refused` id, text: what became of a message or press
* `view` ref, view, `unanswered` ref, text: what became of a question
* `said` line: a person's message, as soon as it is accepted
* `post` post, `card` card, durable: items; the same id again replaces
* `seen` channel, thread, message_id, `stream` channel, thread, post_id, html, reply_to,
  `state` channel, commit, `trouble` channel, thread, text: hints

Data classes are sent by their field names, a channel as its name, a thread as the fields `channel`
and `thread`. Markdown goes out as HTML: a post has `html` and `length` instead of `text`, a job has
`html` beside `result`. What is too long for a page is cut; `left_out` says how many were left out.
"""

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from enum import Enum

from core.messages import (
    Attachment,
    Card,
    CardMoved,
    ChannelRef,
    Hint,
    Message,
    Person,
    Post,
    Seen,
    StateMoved,
    StreamText,
    ThreadRef,
    Trouble,
)
from core.messages.limits import LARGEST_FILE, LARGEST_FILES, MOST_FILES
from core.messages.views import EntryLine, JobView, MessageLine, Messages, StateView, View

_PAGE_OF_TEXT = 300_000  # characters of messages in one frame: a few ms of JSON
_LONGEST = 100_000  # characters of one text
_STEPS = 300
_STEP_TEXT = 4_000
_ENTRIES = 500
_ENTRY_TEXT = 2_000

Rendered = Mapping[str, str]
_NOTHING: Rendered = {}


def frame(type_: str, **values: object) -> str:
    """One frame of that type."""
    return json.dumps({"type": type_} | {name: plain(value) for name, value in values.items()})


def welcome(name: str, max_frame: int) -> str:
    """The first frame: who the bot is, and how much it takes."""
    files = {"most": MOST_FILES, "largest": LARGEST_FILE, "all": LARGEST_FILES}
    return json.dumps({"type": "welcome", "name": name, "max_frame": max_frame, "files": files})


def markdown_in(value: View | Post) -> list[str]:
    """The texts that `plain` needs as HTML."""
    match value:
        case Post():
            return [value.text]
        case Messages():
            lines = (*value.lines, value.root)
            return [line.post.text for line in lines if line is not None and line.post is not None]
        case JobView():
            return [value.result]
        case _:
            return []


def item(value: Post | Card, rendered: Rendered = _NOTHING) -> str:
    """The frame that shows a durable item."""
    if isinstance(value, Card):
        return frame("card", card=value, durable=True)
    return json.dumps({"type": "post", "post": plain(value, rendered)})


def view(ref: int, value: View, rendered: Rendered, left_out: int = 0) -> str:
    """The frame that answers question `ref`."""
    made = _flat(value, rendered) | {"left_out": left_out}
    if isinstance(value, JobView):
        made["html"] = rendered[value.result]
    return json.dumps({"type": "view", "ref": ref, "view": made})


def said(message: Message) -> str:
    """The frame that shows a person's message to whoever looks; its `seq` comes with reading."""
    line = MessageLine(
        seq=0,
        id=message.id,
        thread=message.thread,
        author_id=message.author.id,
        author=message.author.name,
        text=message.text,
        at=message.at,
        files=message.files,
    )
    return frame("said", line=line)


def hint(value: Hint, rendered: Rendered = _NOTHING) -> str:
    """The frame that shows something that may be lost."""
    match value:
        case Seen():
            return frame("seen", **_flat(value))
        case StreamText():
            html = rendered[value.text]
            return frame("stream", **{**_flat(value), "text": None, "html": html})
        case CardMoved():
            return frame("card", card=value.card, durable=False)
        case StateMoved():
            return frame("state", channel=value.channel, commit=value.commit)
        case Trouble():
            return frame("trouble", **_flat(value))


def fitting(value: View, *, newest: bool = False) -> tuple[View, int]:
    """As much of the view as one frame holds, and how many parts were left out.

    Of messages at least one stays, the last ones if `newest`; the page asks for the rest.
    """
    match value:
        case Messages():
            lines = _fitting_lines(value.lines, newest)
            return replace(value, lines=lines), len(value.lines) - len(lines)
        case JobView():
            steps = value.steps[-_STEPS:]
            cut = tuple(replace(step, detail=_cut(step.detail, _STEP_TEXT)) for step in steps)
            return replace(value, steps=cut), len(value.steps) - len(steps)
        case StateView():
            shown = replace(value, entries=_short(value.entries), files=_short(value.files))
            all_ = len(value.entries) + len(value.files)
            return shown, all_ - len(shown.entries) - len(shown.files)
        case _:
            return value, 0


def _fitting_lines(lines: tuple[MessageLine, ...], newest: bool) -> tuple[MessageLine, ...]:
    size, count = 0, 0
    for line in reversed(lines) if newest else lines:
        size += len(line.text) + (len(line.post.text) if line.post else 0)
        if count and size > _PAGE_OF_TEXT:
            break
        count += 1
    return lines[len(lines) - count :] if newest else lines[:count]


def _short(lines: tuple[EntryLine, ...]) -> tuple[EntryLine, ...]:
    return tuple(replace(line, value=_cut(line.value, _ENTRY_TEXT)) for line in lines[:_ENTRIES])


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[:limit]}… ({len(text) - limit} more characters)"


def plain(value: object, rendered: Rendered = _NOTHING) -> object:
    """The value as JSON's own types. Raises TypeError for what must not be sent (bytes)."""
    match value:
        case None | bool() | int() | float():
            return value
        case Enum():
            return value.value
        case str():
            return _cut(value, _LONGEST)
        case tuple() | list():
            return [plain(one, rendered) for one in value]
        case ChannelRef():
            return value.channel
        case ThreadRef():
            return {"channel": value.channel.channel, "thread": value.thread}
        case Attachment():
            # The page that has sent it knows the handle; others have no use for it.
            return {"name": value.name, "path": value.path, "size": value.size,
                    "problem": value.problem}  # fmt: skip
        case Person():
            return {"id": value.id, "name": value.name}
    if is_dataclass(value) and not isinstance(value, type):
        return _object(value, rendered)
    raise TypeError(f"{type(value).__name__} does not go to the page")


def _object(value: object, rendered: Rendered) -> dict[str, object]:
    made = _flat(value, rendered)
    match value:
        case Post():
            del made["text"]
            made |= {"html": rendered[value.text], "length": len(value.text)}
        case MessageLine(post=Post()):
            made["text"] = ""
    return made


def _flat(value: object, rendered: Rendered = _NOTHING) -> dict[str, object]:
    made: dict[str, object] = {}
    for field in fields(value):  # type: ignore[arg-type]  # only data classes come here
        one = getattr(value, field.name)
        if isinstance(one, ThreadRef):
            made |= {"channel": one.channel.channel, "thread": one.thread}
        else:
            made[field.name] = plain(one, rendered)
    return made
