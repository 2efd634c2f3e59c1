"""Slack's payloads to what they say. Pure; what is none of ours, or makes no sense, is None.

Every field may be missing or of another type: payloads come from outside.
"""

import re
from collections.abc import Mapping

from adapters.slack.events import (
    PLATFORM,
    Bot,
    Commanded,
    FileRef,
    Json,
    Pressed,
    Spoken,
)
from adapters.slack.rich import written
from adapters.slack.text import mentioned, plain
from core.messages import ChannelRef, Deletion, Edit, Message, Person, Press, ThreadRef

_TS = re.compile(r"\d{1,12}\.\d{1,9}")
_CHANNEL = re.compile(r"[CDG][A-Z0-9]{1,30}")
_PERSON = re.compile(r"[UW][A-Z0-9]{1,30}")
_SPEECH = {"", "file_share", "thread_broadcast", "me_message"}
_SLACKBOT = "USLACKBOT"
FORM = "thaw_form"


def spoken(body: Json, bot: Bot, names: Mapping[str, str]) -> Spoken | None:
    """A `message` or `app_mention` event by a person."""
    event = _map(body, "event")
    ts = _ts(event, "ts")
    if _text(event, "subtype") not in _SPEECH or event.get("hidden") is True:
        return None
    where = _thread(body, event, bot)
    if ts is None or where is None or not _is_person(event, bot):
        return None
    text = _said(event)
    direct = _text(event, "channel_type") == "im" or where.channel.channel.startswith("D")
    said = "\n\n".join(filter(None, (plain(text, names, bot.user), _forwarded(event, names))))
    files = _files(event)
    named = _text(event, "type") == "app_mention" or bot.user in mentioned(text)
    if named and not (said.strip() or files):
        said = "/help"  # the bot's name alone
    message = Message(
        id=ts,
        thread=where,
        author=_author(body, event, bot, names),
        text=said,
        at=float(ts),
        direct=direct,
    )
    return Spoken(
        message=message,
        addressed=direct or named,
        named=named,
        files=files,
    )


def changed(body: Json, bot: Bot, names: Mapping[str, str]) -> Edit | Deletion | None:
    """A `message_changed` or `message_deleted` event about a person's message."""
    event = _map(body, "event")
    subtype, now, before = (
        _text(event, "subtype"),
        _map(event, "message"),
        _map(event, "previous_message"),
    )
    deleted = subtype == "message_deleted" or _text(now, "subtype") == "tombstone"
    about = before if deleted else now
    ts = _ts(about, "ts") or _ts(event, "deleted_ts")
    where = _thread(body, {**about, "channel": event.get("channel"), "ts": ts}, bot)
    if subtype not in ("message_changed", "message_deleted") or ts is None or where is None:
        return None
    if about and not _is_person(about, bot):
        return None
    stamp = _ts(event, "event_ts") or _ts(event, "ts") or ts
    if deleted:
        return Deletion(id=f"deletion:{ts}", thread=where, message_id=ts, at=float(stamp))
    # A preview that Slack adds to a link changes the message, too, but not what it says.
    if now.get("text") == before.get("text") or not _map(now, "edited"):
        return None
    edited = _ts(_map(now, "edited"), "ts") or stamp
    return Edit(
        id=f"edit:{ts}:{edited}",
        thread=where,
        message_id=ts,
        author=_author(body, now, bot, names),
        text=plain(_said(now), names, bot.user),
        at=float(edited),
    )


def addressed(body: Json, bot: Bot) -> bool:
    """Whether what an event changes is, or was, meant for the bot wherever it stands."""
    event = _map(body, "event")
    texts = (_said(_map(event, name)) for name in ("message", "previous_message"))
    direct = _text(event, "channel_type") == "im" or _text(event, "channel").startswith("D")
    return direct or any(bot.user in mentioned(text) for text in texts)


def pressed(body: Json, bot: Bot) -> Pressed | None:
    """A `block_actions` payload: a press on one of the bot's buttons."""
    actions = body.get("actions")
    action = actions[0] if isinstance(actions, list) and actions else None
    container, message = _map(body, "container"), _map(body, "message")
    channel = _text(_map(body, "channel"), "id") or _text(container, "channel_id")
    person, stamp = _person(body), _ts(action, "action_ts")
    root = _ts(message, "thread_ts") or _ts(container, "thread_ts") or ""
    where = _place(body, channel, root, bot)
    if not isinstance(action, Mapping) or person is None or stamp is None or where is None:
        return None
    shown = _ts(message, "ts") or _ts(container, "message_ts") or ""
    return Pressed(
        id=f"{shown}:{stamp}:{person.id}",
        thread=where,
        person=person,
        action=_text(action, "action_id")[:255],
        asks=_text(action, "value")[:2_000],
        trigger=_text(body, "trigger_id"),
        at=float(stamp),
    )


def submitted(body: Json, form: Json, bot: Bot, at: float) -> Press | None:
    """A `view_submission` payload of a form of ours; `form` is what the form carries."""
    view, person = _map(body, "view"), _person(body)
    where = _place(body, _text(form, "channel"), _text(form, "thread"), bot)
    values = _map(_map(view, "state"), "values")
    text = _text(_map(_map(values, FORM), FORM), "value")
    id = _text(view, "id")
    if person is None or where is None or not id or _text(view, "callback_id") != FORM:
        return None
    action = _text(form, "action")
    return Press(id=f"form:{id}", thread=where, person=person, action=action, text=text, at=at)


def commanded(body: Json, bot: Bot, at: float) -> Commanded | None:
    """A slash command, as the message that says the same."""
    trigger, person = _text(body, "trigger_id"), _person(body)
    where = _place(body, _text(body, "channel_id"), "", bot)
    if person is None or where is None or not trigger:
        return None
    text = f"/thaw {plain(_text(body, 'text'), {}, bot.user)}".strip()
    message = Message(id=f"command:{trigger}", thread=where, author=person, text=text, at=at)
    return Commanded(message=message, answer_to=_text(body, "response_url"))


def stopped(body: Json, bot: Bot) -> Press | None:
    """An `agent_session_stopped` event: Slack's own stop button of a thread's session."""
    event = _map(body, "event")
    root, stamp, user = _ts(event, "thread_ts"), _ts(event, "event_ts"), _text(event, "user")
    where = _place(body, _text(event, "channel"), root or "", bot)
    if root is None or stamp is None or where is None or not _PERSON.fullmatch(user):
        return None
    person = Person(id=user, name=user)
    return Press(
        id=f"stop:{root}:{stamp}", thread=where, person=person, action="stop.thread",
        at=float(stamp),
    )  # fmt: skip


def _said(message: Json) -> str:
    """What a message says, in Slack's markup."""
    return _text(message, "text") or written(message.get("blocks"))


def _is_person(event: Json, bot: Bot) -> bool:
    """Not the bot itself, no other app, no workflow: two bots that answer each other never stop."""
    user = _text(event, "user")
    ours = user in (bot.user, _SLACKBOT) or not _PERSON.fullmatch(user)
    return not ours and not any(event.get(mark) for mark in ("bot_id", "bot_profile", "app_id"))


def _author(body: Json, message: Json, bot: Bot, names: Mapping[str, str]) -> Person:
    """Who wrote it; from outside whom Slack counts among another workspace, as it does with
    people of another organisation in a channel that is shared with it."""
    user = _text(message, "user")
    home = {bot.team, _workspace(body, bot), _text(_granted(body), "enterprise_id")}
    team = _text(message, "user_team") or _text(message, "team")
    # Where strangers can be, who does not say where they come from is one.
    outside = team not in home if team else body.get("is_ext_shared_channel") is True
    return Person(id=user, name=names.get(user, user), outside=outside)


def _files(event: Json) -> tuple[FileRef, ...]:
    found = event.get("files")
    listed = found if isinstance(found, list) else []
    return tuple(file_ref(file) for file in listed if isinstance(file, Mapping))


def file_ref(file: Json) -> FileRef:
    """A file as events and files.info tell of it."""
    url = _text(file, "url_private_download") or _text(file, "url_private")
    size = file.get("size")
    # Of what was sent in a channel that is shared with others, an event tells the id alone.
    ask = _text(file, "id") if _text(file, "file_access") == "check_file_info" else ""
    return FileRef(
        name=_text(file, "name") or _text(file, "title") or "file",
        url="" if file.get("is_external") is True else url,
        size=size if type(size) is int and size >= 0 else 0,
        mimetype=_text(file, "mimetype"),
        ask=ask,
    )


def _forwarded(event: Json, names: Mapping[str, str]) -> str:
    """Messages that this one passes on."""
    found = event.get("attachments")
    shared = [
        one
        for one in (found if isinstance(found, list) else ())
        if isinstance(one, Mapping) and (one.get("is_share") is True or one.get("is_msg_unfurl"))
    ]
    quotes = [plain(_text(one, "text"), names, "") for one in shared]
    return "\n\n".join("> " + quote.replace("\n", "\n> ") for quote in quotes if quote)


def _thread(body: Json, event: Json, bot: Bot) -> ThreadRef | None:
    # A message that stands in the channel itself begins a thread: the answer goes there.
    root = _ts(event, "thread_ts") or _ts(event, "ts") or ""
    return _place(body, _text(event, "channel"), root, bot)


def _place(body: Json, channel: str, thread: str, bot: Bot) -> ThreadRef | None:
    if not _CHANNEL.fullmatch(channel) or not (thread == "" or _TS.fullmatch(thread)):
        return None
    ref = ChannelRef(platform=PLATFORM, workspace=_workspace(body, bot), channel=channel)
    return ThreadRef(channel=ref, thread=thread)


def _workspace(body: Json, bot: Bot) -> str:
    """The workspace that the app heard it in. The payload's own may be the sender's, in a channel
    that is shared with another organisation."""
    return (
        _text(_map(body, "view"), "app_installed_team_id")
        or _text(_granted(body), "team_id")
        or _text(body, "team_id")
        or _text(_map(body, "team"), "id")
        or bot.team
    )


def _granted(body: Json) -> Json:
    """For whom the app was installed that an event is sent to; without it, the event itself."""
    found = body.get("authorizations")
    first = found[0] if isinstance(found, list) and found else None
    return first if isinstance(first, Mapping) else body


def _person(body: Json) -> Person | None:
    """Who presses or types; from outside who belongs to another workspace."""
    user = _map(body, "user")
    home = _text(_map(body, "view"), "app_installed_team_id") or _text(_map(body, "team"), "id")
    team, grid = _text(user, "team_id"), _text(_map(body, "enterprise"), "id")
    outside = bool(team and home) and team not in (home, grid)
    id = _text(user, "id") or _text(body, "user_id")
    name = _text(user, "name") or _text(user, "username") or _text(body, "user_name")
    if not _PERSON.fullmatch(id):
        return None
    return Person(id=id, name=name or id, outside=outside)


def _map(source: object, name: str) -> Json:
    value = source.get(name) if isinstance(source, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def _text(source: object, name: str) -> str:
    value = source.get(name) if isinstance(source, Mapping) else None
    return value if isinstance(value, str) else ""


def _ts(source: object, name: str) -> str | None:
    value = _text(source, name)
    return value if _TS.fullmatch(value) else None
