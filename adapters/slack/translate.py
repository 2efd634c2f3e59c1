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
from adapters.slack.fields import is_ts, map_of, maps_of, text_of, ts_of
from adapters.slack.rich import written
from adapters.slack.text import mentioned, plain
from core.messages import ChannelRef, Deletion, Edit, Message, Person, Press, ThreadRef

_CHANNEL = re.compile(r"[CDG][A-Z0-9]{1,30}")
_PERSON = re.compile(r"[UW][A-Z0-9]{1,30}")
_SPEECH = {"", "file_share", "thread_broadcast", "me_message"}
_SLACKBOT = "USLACKBOT"
FORM = "thaw_form"


def spoken(body: Json, bot: Bot, names: Mapping[str, str]) -> Spoken | None:
    """A `message` or `app_mention` event by a person."""
    event = map_of(body, "event")
    ts = ts_of(event, "ts")
    if text_of(event, "subtype") not in _SPEECH or event.get("hidden") is True:
        return None
    where = _thread(body, event, bot)
    if ts is None or where is None or not _is_person(event, bot):
        return None
    text = _said(event)
    direct = text_of(event, "channel_type") == "im" or where.channel.channel.startswith("D")
    said = "\n\n".join(filter(None, (plain(text, names, bot.user), _forwarded(event, names))))
    files = _files(event)
    named = text_of(event, "type") == "app_mention" or bot.user in mentioned(text)
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
    event = map_of(body, "event")
    subtype, now, before = (
        text_of(event, "subtype"),
        map_of(event, "message"),
        map_of(event, "previous_message"),
    )
    deleted = subtype == "message_deleted" or text_of(now, "subtype") == "tombstone"
    about = before if deleted else now
    ts = ts_of(about, "ts") or ts_of(event, "deleted_ts")
    where = _thread(body, {**about, "channel": event.get("channel"), "ts": ts}, bot)
    if subtype not in ("message_changed", "message_deleted") or ts is None or where is None:
        return None
    if about and not _is_person(about, bot):
        return None
    stamp = ts_of(event, "event_ts") or ts_of(event, "ts") or ts
    if deleted:
        return Deletion(id=f"deletion:{ts}", thread=where, message_id=ts, at=float(stamp))
    # A preview that Slack adds to a link changes the message, too, but not what it says.
    if now.get("text") == before.get("text") or not map_of(now, "edited"):
        return None
    edited = ts_of(map_of(now, "edited"), "ts") or stamp
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
    event = map_of(body, "event")
    texts = (_said(map_of(event, name)) for name in ("message", "previous_message"))
    direct = text_of(event, "channel_type") == "im" or text_of(event, "channel").startswith("D")
    return direct or any(bot.user in mentioned(text) for text in texts)


def pressed(body: Json, bot: Bot) -> Pressed | None:
    """A `block_actions` payload: a press on one of the bot's buttons."""
    actions = body.get("actions")
    action = actions[0] if isinstance(actions, list) and actions else None
    container, message = map_of(body, "container"), map_of(body, "message")
    channel = text_of(map_of(body, "channel"), "id") or text_of(container, "channel_id")
    person, stamp = _person(body), ts_of(action, "action_ts")
    root = ts_of(message, "thread_ts") or ts_of(container, "thread_ts") or ""
    where = _place(body, channel, root, bot)
    if not isinstance(action, Mapping) or person is None or stamp is None or where is None:
        return None
    shown = ts_of(message, "ts") or ts_of(container, "message_ts") or ""
    return Pressed(
        id=f"{shown}:{stamp}:{person.id}",
        thread=where,
        person=person,
        action=text_of(action, "action_id")[:255],
        asks=text_of(action, "value")[:2_000],
        trigger=text_of(body, "trigger_id"),
        at=float(stamp),
    )


def submitted(body: Json, form: Json, bot: Bot, at: float) -> Press | None:
    """A `view_submission` payload of a form of ours; `form` is what the form carries."""
    view, person = map_of(body, "view"), _person(body)
    where = _place(body, text_of(form, "channel"), text_of(form, "thread"), bot)
    values = map_of(map_of(view, "state"), "values")
    text = text_of(map_of(map_of(values, FORM), FORM), "value")
    id = text_of(view, "id")
    if person is None or where is None or not id or text_of(view, "callback_id") != FORM:
        return None
    action = text_of(form, "action")
    return Press(id=f"form:{id}", thread=where, person=person, action=action, text=text, at=at)


def commanded(body: Json, bot: Bot, at: float) -> Commanded | None:
    """A slash command, as the message that says the same."""
    trigger, person = text_of(body, "trigger_id"), _person(body)
    where = _place(body, text_of(body, "channel_id"), "", bot)
    if person is None or where is None or not trigger:
        return None
    text = f"/thaw {plain(text_of(body, 'text'), {}, bot.user)}".strip()
    message = Message(id=f"command:{trigger}", thread=where, author=person, text=text, at=at)
    return Commanded(message=message, answer_to=text_of(body, "response_url"))


def stopped(body: Json, bot: Bot) -> Press | None:
    """An `agent_session_stopped` event: Slack's own stop button of a thread's session."""
    event = map_of(body, "event")
    root, stamp, user = ts_of(event, "thread_ts"), ts_of(event, "event_ts"), text_of(event, "user")
    where = _place(body, text_of(event, "channel"), root or "", bot)
    if root is None or stamp is None or where is None or not _PERSON.fullmatch(user):
        return None
    person = Person(id=user, name=user)
    return Press(
        id=f"stop:{root}:{stamp}", thread=where, person=person, action="stop.thread",
        at=float(stamp),
    )  # fmt: skip


def _said(message: Json) -> str:
    """What a message says, in Slack's markup."""
    return text_of(message, "text") or written(message.get("blocks"))


def _is_person(event: Json, bot: Bot) -> bool:
    """Not the bot itself, no other app, no workflow: two bots that answer each other never stop."""
    user = text_of(event, "user")
    ours = user in (bot.user, _SLACKBOT) or not _PERSON.fullmatch(user)
    return not ours and not any(event.get(mark) for mark in ("bot_id", "bot_profile", "app_id"))


def _author(body: Json, message: Json, bot: Bot, names: Mapping[str, str]) -> Person:
    """Who wrote it; from outside whom Slack counts among another workspace, as it does with
    people of another organisation in a channel that is shared with it."""
    user = text_of(message, "user")
    home = {bot.team, _workspace(body, bot), text_of(_granted(body), "enterprise_id")}
    team = text_of(message, "user_team") or text_of(message, "team")
    # Where strangers can be, who does not say where they come from is one.
    outside = team not in home if team else body.get("is_ext_shared_channel") is True
    return Person(id=user, name=names.get(user, user), outside=outside)


def _files(event: Json) -> tuple[FileRef, ...]:
    return tuple(file_ref(file) for file in maps_of(event, "files"))


def file_ref(file: Json) -> FileRef:
    """A file as events and files.info tell of it."""
    url = text_of(file, "url_private_download") or text_of(file, "url_private")
    size = file.get("size")
    # Of what was sent in a channel that is shared with others, an event tells the id alone.
    ask = text_of(file, "id") if text_of(file, "file_access") == "check_file_info" else ""
    return FileRef(
        name=text_of(file, "name") or text_of(file, "title") or "file",
        url="" if file.get("is_external") is True else url,
        size=size if type(size) is int and size >= 0 else 0,
        mimetype=text_of(file, "mimetype"),
        ask=ask,
    )


def _forwarded(event: Json, names: Mapping[str, str]) -> str:
    """Messages that this one passes on."""
    shared = [
        one
        for one in maps_of(event, "attachments")
        if one.get("is_share") is True or one.get("is_msg_unfurl")
    ]
    quotes = [plain(text_of(one, "text"), names, "") for one in shared]
    return "\n\n".join("> " + quote.replace("\n", "\n> ") for quote in quotes if quote)


def _thread(body: Json, event: Json, bot: Bot) -> ThreadRef | None:
    # A message that stands in the channel itself begins a thread: the answer goes there.
    root = ts_of(event, "thread_ts") or ts_of(event, "ts") or ""
    return _place(body, text_of(event, "channel"), root, bot)


def _place(body: Json, channel: str, thread: str, bot: Bot) -> ThreadRef | None:
    if not _CHANNEL.fullmatch(channel) or not (thread == "" or is_ts(thread)):
        return None
    ref = ChannelRef(platform=PLATFORM, workspace=_workspace(body, bot), channel=channel)
    return ThreadRef(channel=ref, thread=thread)


def _workspace(body: Json, bot: Bot) -> str:
    """The workspace that the app heard it in. The payload's own may be the sender's, in a channel
    that is shared with another organisation."""
    return (
        text_of(map_of(body, "view"), "app_installed_team_id")
        or text_of(_granted(body), "team_id")
        or text_of(body, "team_id")
        or text_of(map_of(body, "team"), "id")
        or bot.team
    )


def _granted(body: Json) -> Json:
    """For whom the app was installed that an event is sent to; without it, the event itself."""
    found = body.get("authorizations")
    first = found[0] if isinstance(found, list) and found else None
    return first if isinstance(first, Mapping) else body


def _person(body: Json) -> Person | None:
    """Who presses or types; from outside who belongs to another workspace."""
    user = map_of(body, "user")
    home = text_of(map_of(body, "view"), "app_installed_team_id") or text_of(
        map_of(body, "team"), "id"
    )
    team, grid = text_of(user, "team_id"), text_of(map_of(body, "enterprise"), "id")
    outside = bool(team and home) and team not in (home, grid)
    id = text_of(user, "id") or text_of(body, "user_id")
    name = text_of(user, "name") or text_of(user, "username") or text_of(body, "user_name")
    if not _PERSON.fullmatch(id):
        return None
    return Person(id=id, name=name or id, outside=outside)
