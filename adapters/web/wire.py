"""What the page's socket says, as JSON text frames: page's frame -> value. Pure; sends nothing.

Page to server, by `type`:

* `message`  id, channel, thread, name, text, reply_to?, files?  -> `kept` or `refused` with that id
* `press`    id, channel, thread, name, action, text?      -> `kept` or `refused` with that id
* `look`     ref, what, channel, ...                       -> `view` or `unanswered` with that ref
* `watch`    channel, thread: what the page shows now, so that only this is streamed to it

`id` is made by the page at random and kept until the answer: sent again after a dropped connection
it has no second effect. `what` is one of `channels, threads, messages, jobs, job, state, history,
commit, conflicts, approvals, spend, settings` with the fields of core.messages.queries' query of
that name;
`files` are objects with the `name` and `handle` of what was uploaded before (`uploads`);
`messages` also takes `newest: true`. What the server says is in `encode`.
"""

import json
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from core.errors import BadRequest
from core.messages import Attachment, ChannelRef, Message, Person, Press, ThreadRef
from core.messages.queries import (
    ListApprovals,
    ListChannels,
    ListConflicts,
    ListJobs,
    ListThreads,
    Query,
    ReadCommit,
    ReadHistory,
    ReadJob,
    ReadMessages,
    ReadSettings,
    ReadSpend,
    ReadState,
)

PLATFORM = "web"
WORKSPACE = "local"
MAX_FRAME = 1_000_000  # characters: larger ones hold the loop, because JSON is read in one piece
READ_FRAME = 16_000_000  # bytes: larger ones end the connection, smaller ones are told the limit

_NEWEST = 2**53
_MOST_FILES = 100  # the core takes fewer, and says so
_IDS = re.compile(r"[A-Za-z0-9_-]{8,64}")
_ID_FIELD = re.compile(r'"id": ?"([A-Za-z0-9_-]{8,64})"')
_ACTIONS = re.compile(r"[ -~]{1,64}")

Fields = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A question whose answer goes back under `ref`."""

    ref: int
    query: Query


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """The conversation that the page shows now."""

    thread: ThreadRef


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """A frame that means nothing; `id` and `ref` are its own, as far as they could be read."""

    reason: str
    id: str | None = None
    ref: int | None = None


Frame = Message | Press | Look | Watch | Unreadable


def decode(frame: str, at: float) -> Frame:
    """Read one frame of the page; `at` is the time of its arrival in Unix seconds."""
    if len(frame) > MAX_FRAME:
        return _too_large(frame)
    try:
        fields = json.loads(frame, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return Unreadable(reason="The frame is not JSON.")
    if not isinstance(fields, dict):
        return Unreadable(reason="A frame is a JSON object.")
    try:
        return _decode(fields, at)
    except BadRequest as error:
        name, ref = fields.get("id"), fields.get("ref")
        return Unreadable(
            reason=str(error),
            id=name if isinstance(name, str) and _IDS.fullmatch(name) else None,
            ref=ref if type(ref) is int else None,
        )


def _too_large(frame: str) -> Unreadable:
    # The frame is not parsed, so its id is looked for where a page would write it.
    found = _ID_FIELD.search(frame[:500]) or _ID_FIELD.search(frame[-500:])
    size, most = len(frame) // 1000, MAX_FRAME // 1000
    reason = f"This is {size} kB; at most {most} kB can be sent at once. Shorten it or split it."
    return Unreadable(reason=reason, id=found[1] if found else None)


def _decode(fields: Fields, at: float) -> Frame:
    match fields.get("type"):
        case "message":
            return Message(
                id=_matching(fields, "id", _IDS),
                thread=_thread(fields),
                author=_person(fields),
                text=_text(fields, "text", MAX_FRAME),
                at=at,
                reply_to=_optional(fields, "reply_to", 200),
                files=_files(fields),
            )
        case "press":
            return Press(
                id=_matching(fields, "id", _IDS),
                thread=_thread(fields),
                person=_person(fields),
                action=_matching(fields, "action", _ACTIONS),
                at=at,
                text=_optional(fields, "text", MAX_FRAME),
            )
        case "look":
            return Look(ref=_number(fields, "ref"), query=_query(fields))
        case "watch":
            return Watch(thread=_thread(fields))
    raise BadRequest("A frame's `type` is message, press, look or watch.")


def _files(fields: Fields) -> tuple[Attachment, ...]:
    value = fields.get("files") or []
    if not isinstance(value, list) or len(value) > _MOST_FILES:
        raise BadRequest(f"`files` is a list of at most {_MOST_FILES}.")
    return tuple(_file(one) for one in value)


def _file(value: object) -> Attachment:
    if not isinstance(value, dict):
        raise BadRequest("A file is an object with `name` and `handle`.")
    return Attachment(name=_text(value, "name", 1000), handle=_text(value, "handle", 200))


def _messages(fields: Fields) -> ReadMessages:
    before = _NEWEST if fields.get("newest") is True else _maybe_number(fields, "before")
    return ReadMessages(
        channel=_channel(fields),
        thread=_optional(fields, "thread", 200),
        after=_maybe_number(fields, "after") or 0,
        before=before,
    )


_QUERIES: dict[str, Callable[[Fields], Query]] = {
    "channels": lambda _: ListChannels(platform=PLATFORM),
    "threads": lambda fields: ListThreads(channel=_channel(fields)),
    "messages": _messages,
    "jobs": lambda fields: ListJobs(channel=_channel(fields)),
    "job": lambda fields: ReadJob(channel=_channel(fields), number=_number(fields, "number")),
    "state": lambda fields: ReadState(
        channel=_channel(fields),
        prefix=_optional(fields, "prefix", 2_000) or "",
        at=_maybe_number(fields, "at"),
        when=_optional(fields, "when", 100),
    ),
    "commit": lambda fields: ReadCommit(channel=_channel(fields), number=_number(fields, "number")),
    "history": lambda fields: ReadHistory(
        channel=_channel(fields),
        key=_optional(fields, "key", 2_000),
        before=_maybe_number(fields, "before"),
    ),
    "conflicts": lambda fields: ListConflicts(channel=_channel(fields)),
    "approvals": lambda fields: ListApprovals(channel=_channel(fields)),
    "spend": lambda fields: ReadSpend(channel=_channel(fields)),
    "settings": lambda fields: ReadSettings(channel=_channel(fields)),
}


def _query(fields: Fields) -> Query:
    what = fields.get("what")
    make = _QUERIES.get(what) if isinstance(what, str) else None
    if make is None:
        raise BadRequest(f"`what` is one of {', '.join(_QUERIES)}.")
    return make(fields)


def channel(name: str) -> ChannelRef:
    """The channel of that name. Raises BadRequest for what no channel is called."""
    if not 1 <= len(name) <= 64 or any(_foreign(letter) for letter in name):
        raise BadRequest("A channel's name is 1 to 64 letters, digits, - or _.")
    return ChannelRef(platform=PLATFORM, workspace=WORKSPACE, channel=name)


def _foreign(letter: str) -> bool:
    return letter not in "-_" and unicodedata.category(letter)[0] not in "LNM"


def person(name: str) -> Person:
    """Who is called `name` on the page: names that differ only in case and signs are one person."""
    shown = " ".join(name.split())[:60] or "you"
    letters = unicodedata.normalize("NFKC", shown).casefold()
    slug = "".join("-" if _foreign(letter) or letter == "_" else letter for letter in letters)
    parts = [part for part in slug.split("-") if part]
    return Person(id=f"local:{'-'.join(parts) or 'you'}", name=shown)


def _channel(fields: Fields) -> ChannelRef:
    return channel(_text(fields, "channel", 64))


def _thread(fields: Fields) -> ThreadRef:
    return ThreadRef(channel=_channel(fields), thread=_text(fields, "thread", 200))


def _person(fields: Fields) -> Person:
    name = _text(fields, "name", 200)
    return person("".join(letter for letter in name if letter.isprintable()))


def _text(fields: Fields, name: str, limit: int) -> str:
    value = fields.get(name)
    if not isinstance(value, str) or len(value) > limit:
        raise BadRequest(f"`{name}` is a text of at most {limit} characters.")
    # NUL ends texts early in C programs, half a surrogate pair cannot be written in UTF-8.
    return value.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def _optional(fields: Fields, name: str, limit: int) -> str | None:
    return None if fields.get(name) is None else _text(fields, name, limit)


def _matching(fields: Fields, name: str, pattern: re.Pattern[str]) -> str:
    value = fields.get(name)
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise BadRequest(f"`{name}` is a text like {pattern.pattern}.")
    return value


def _number(fields: Fields, name: str) -> int:
    value = fields.get(name)
    if type(value) is not int or not 0 <= value <= _NEWEST:
        raise BadRequest(f"`{name}` is a whole number.")
    return value


def _maybe_number(fields: Fields, name: str) -> int | None:
    return None if fields.get(name) is None else _number(fields, name)


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is not JSON")
