"""What the server says to the page, as JSON text frames: value -> frame. Pure; sends nothing.

By `type`:

* `welcome` name, max_frame: first on each connection
* `kept` id, `refused` id, text: what became of a message or press
* `view` ref, view, `unanswered` ref, text: what became of a question
* `said` line: a person's message, as soon as it is accepted
* `post` post, `card` card, durable: items; the same id again replaces
* `seen` channel, thread, message_id, `stream` channel, thread, post_id, html, reply_to,
  `state` channel, commit, `trouble` channel, thread, text: hints

Data classes are sent by their field names, a channel as its name, a thread as the fields `channel`
and `thread`. Markdown goes out as HTML: `html` replaces a post's `text`, stands beside a job's `result`.
"""

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum

from core.messages import (
    Card,
    CardMoved,
    ChannelRef,
    Hint,
    Message,
    Post,
    Seen,
    StateMoved,
    StreamText,
    ThreadRef,
    Trouble,
)
from core.messages.views import JobView, MessageLine, Messages, View

PAGE_OF_TEXT = 300_000  # characters of messages in one frame: a few ms of JSON

Rendered = Mapping[str, str]
_NOTHING: Rendered = {}


def frame(type_: str, **values: object) -> str:
    """One frame of that type."""
    return json.dumps({"type": type_} | {name: plain(value) for name, value in values.items()})


def markdown_in(value: View | Post) -> list[str]:
    """The texts that `plain` needs as HTML."""
    match value:
        case Post():
            return [value.text]
        case Messages():
            return [line.post.text for line in value.lines if line.post is not None]
        case JobView():
            return [value.result]
        case _:
            return []


def item(value: Post | Card, rendered: Rendered = _NOTHING) -> str:
    """The frame that shows a durable item."""
    if isinstance(value, Card):
        return frame("card", card=value, durable=True)
    return json.dumps({"type": "post", "post": plain(value, rendered)})


def view(ref: int, value: View, rendered: Rendered) -> str:
    """The frame that answers question `ref`."""
    return json.dumps({"type": "view", "ref": ref, "view": plain(value, rendered)})


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


def fitting(value: Messages, *, newest: bool) -> Messages:
    """As many of the lines as one frame holds, at least one: the last ones if `newest`."""
    lines = value.lines[::-1] if newest else value.lines
    size, count = 0, 0
    for line in lines:
        size += len(line.text) + (len(line.post.text) if line.post else 0)
        if count and size > PAGE_OF_TEXT:
            break
        count += 1
    kept = lines[:count][::-1] if newest else lines[:count]
    return Messages(lines=kept, newest=value.newest)


def plain(value: object, rendered: Rendered = _NOTHING) -> object:
    """The value as JSON's own types. Raises TypeError for what must not be sent (bytes)."""
    match value:
        case None | bool() | int() | float():
            return value
        case Enum():
            return value.value
        case str():
            return value
        case tuple() | list():
            return [plain(one, rendered) for one in value]
        case ChannelRef():
            return value.channel
        case ThreadRef():
            return {"channel": value.channel.channel, "thread": value.thread}
    if is_dataclass(value) and not isinstance(value, type):
        return _object(value, rendered)
    raise TypeError(f"{type(value).__name__} does not go to the page")


def _object(value: object, rendered: Rendered) -> dict[str, object]:
    made = _flat(value, rendered)
    match value:
        case Post():
            del made["text"]
            made["html"] = rendered[value.text]
        case MessageLine(post=Post()):
            made["text"] = ""
        case JobView():
            made["html"] = rendered[value.result]
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
