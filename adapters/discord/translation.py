"""Messages of the gateway -> the core's events, or nothing. Pure: no connection, no clock."""

from dataclasses import dataclass

from adapters.discord.directory import Directory, Place
from adapters.discord.fields import (
    Payload,
    id_of,
    made_at,
    moment,
    number,
    part,
    parts,
    text,
    texts,
    truth,
)
from adapters.discord.words import forwarded, is_forward, replied_to, words
from core.messages import Deletion, Edit, Message, Person, ThreadRef

_SAID, _REPLIED = 0, 19
_LONGEST_NAME = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file that came with a message: where it is, and how large they say it is."""

    name: str
    url: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A message for the bot. `answers` is the platform's id of the message replied to."""

    message: Message
    answers: str
    uploads: tuple[Upload, ...]


def place_of(payload: Payload, directory: Directory) -> Place | None:
    """Where an event happened, if that is known."""
    return directory.place(id_of(payload, "channel_id"), id_of(payload, "guild_id"))


def heard(payload: Payload, directory: Directory, place: Place) -> Heard | None:
    """The message if it is for the bot: in a DM, naming it, replying to it, or in its thread."""
    id = id_of(payload)
    if not id or not _by_a_person(payload, directory):
        return None
    # A forward calls nobody, whatever names stand in it.
    named = not forwarded(payload) and _names_me(payload, directory)
    to_me = _to_me(payload, directory)
    if not (place.is_dm or named or to_me or place.mine):
        return None
    said = words(payload, directory)
    uploads = tuple(_uploads(payload, place, to_me=to_me))
    if not said and not uploads and not (named or place.is_dm):
        return None  # without the message content intent there is nothing to read
    message = Message(
        id=id,
        thread=_thread(_root(payload, to_me=to_me), place),
        author=person(part(payload, "author"), part(payload, "member"), place),
        text=said or ("" if uploads else "/help"),  # the bot's name alone
        at=moment(text(payload, "timestamp")) or made_at(id),
        direct=place.is_dm,
    )
    reference = part(payload, "message_reference")
    return Heard(
        message=message,
        answers="" if is_forward(payload) else id_of(reference, "message_id"),
        uploads=uploads,
    )


def edited(payload: Payload, directory: Directory, place: Place) -> Edit | None:
    """An edit by a person. An unfurled link changes a message too; that is none."""
    id, stamp = id_of(payload), text(payload, "edited_timestamp")
    at = moment(stamp)
    if not id or at is None or "content" not in payload or not _by_a_person(payload, directory):
        return None
    to_me = _to_me(payload, directory)
    # An edit may take the bot's name out; the thread under the message is still there.
    mine = place.mine or directory.thread_known(id)
    if not (place.is_dm or mine or to_me or _names_me(payload, directory)):
        return None
    return Edit(
        id=f"edit:{id}:{stamp}",
        thread=_thread(_root(payload, to_me=to_me), place),
        message_id=id,
        author=person(part(payload, "author"), part(payload, "member"), place),
        text=words(payload, directory),
        at=at,
    )


def deleted(payload: Payload, place: Place, at: float) -> tuple[Deletion, ...]:
    """The messages that are gone; whose they were and for whom, nobody says."""
    ids = [id_of(payload), *texts(payload, "ids")]
    return tuple(
        Deletion(
            id=f"deletion:{id}",
            thread=_thread(id, place),
            message_id=id,
            at=at,
        )
        for id in ids
        if id.isascii() and id.isdigit()
    )


def person(user: Payload, member: Payload, place: Place) -> Person:
    """Who it was, by the name that the others see, with the roles of the server. In a direct
    message Discord says of no one whether they are in any: from outside, until that is known."""
    id = id_of(user)
    name = text(member, "nick") or text(user, "global_name") or text(user, "username")
    shown = " ".join(name.split())[:_LONGEST_NAME]
    roles = frozenset(texts(member, "roles"))
    return Person(id=id, name=shown or id, roles=roles, outside=place.is_dm)


def _thread(root: str, place: Place) -> ThreadRef:
    """Where the conversation goes on. One that begins in a channel has the id of its first message,
    on Discord too, where a thread hangs on that."""
    thread = place.thread
    return ThreadRef(channel=thread.channel, thread=root) if place.grows_threads else thread


def _root(payload: Payload, *, to_me: bool) -> str:
    """The first message of its conversation in a channel: itself, or what the bot's message that it
    replies to answers there, where no thread could be had; "": that answers nothing there."""
    if not to_me:
        return id_of(payload)
    return id_of(part(replied_to(payload), "message_reference"), "message_id")


def _by_a_person(payload: Payload, directory: Directory) -> bool:
    author = part(payload, "author")
    return (
        bool(id_of(author))
        and id_of(author) != directory.me
        and not truth(author, "bot")
        and not truth(author, "system")
        and not payload.get("webhook_id")
        and not payload.get("application_id")
        and number(payload, "type", _SAID) in (_SAID, _REPLIED)
    )


def _names_me(payload: Payload, directory: Directory) -> bool:
    if any(id_of(one) == directory.me for one in parts(payload, "mentions")):
        return True
    return not directory.roles.isdisjoint(texts(payload, "mention_roles"))


def _to_me(payload: Payload, directory: Directory) -> bool:
    author = part(replied_to(payload), "author")
    return bool(directory.me) and id_of(author) == directory.me


def _uploads(payload: Payload, place: Place, *, to_me: bool) -> list[Upload]:
    """Its own files and those it passes on; "what is this?" in answer to a file is about that.
    Where the bot hears everything, it has that file."""
    found = _files(payload)
    if not found and not (to_me or place.mine or place.is_dm):
        found = _files(replied_to(payload))
    return found


def _files(message: Payload) -> list[Upload]:
    return [
        Upload(name=text(one, "filename"), url=text(one, "url"), size=number(one, "size", 0))
        for whole in (message, *forwarded(message))
        for one in parts(whole, "attachments")
        if text(one, "filename") and text(one, "url")
    ]
