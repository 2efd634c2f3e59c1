"""Events as every later step can hold them: bounded, storable, nobody's ids mistaken. Pure."""

import math
from dataclasses import replace
from typing import assert_never

from core.attachments.names import cleaned as cleaned_name
from core.errors import BadRequest
from core.messages import (
    Attachment,
    ChannelRef,
    Deletion,
    Edit,
    InboundEvent,
    Message,
    Person,
    Press,
    ThreadRef,
)
from core.primary.presses import parse_press

MAX_TEXT = 100_000
_MAX_ID = 500
_MAX_NAME = 80
_MAX_ACTION = 64
_MAX_ROLES = 250
# The bot's own posts stand beside people's messages and are found by their ids.
_OURS = ("answer:", "reply:", "result:", "conflict:", "conflicts:", "card:", "ask:", "plan:")


def cleaned(event: InboundEvent) -> InboundEvent:
    """The event with text that can be stored and shown. Raises BadRequest for what cannot be."""
    text = "" if isinstance(event, Deletion) else event.text or ""
    if len(text) > MAX_TEXT:
        raise BadRequest(
            f"The message has {len(text):,} characters; {MAX_TEXT:,} is the most."
            " Send it in parts, or put it into a file of a source folder."
        )
    if not _sound(event.id) or event.id.startswith(_OURS):
        raise BadRequest("The message has no usable id.")
    if not math.isfinite(event.at):
        raise BadRequest("The message has no usable time.")
    _check_place(event.thread)
    match event:
        case Message():
            return _message(event)
        case Press():
            return _press(event)
        case Edit():
            _check_about(event.message_id)
            return replace(event, text=_storable(event.text), author=_person(event.author))
        case Deletion():
            _check_about(event.message_id)
            return event
        case _ as unreachable:
            assert_never(unreachable)


def _message(message: Message) -> Message:
    text = _storable(message.text)
    if not (text.strip() or message.files):
        raise BadRequest("The message is empty.")
    known = message.reply_to is not None and _sound(message.reply_to)
    return replace(
        message,
        text=text if text.strip() else "",
        files=tuple(map(_file, message.files)),
        author=_person(message.author),
        reply_to=message.reply_to if known else None,
    )


def _file(file: Attachment) -> Attachment:
    # Where it is and what it is, is found when it lands.
    return replace(
        file, name=cleaned_name(file.name), problem=_storable(file.problem), path="", kind=""
    )


def _press(press: Press) -> Press:
    if not (press.action.isascii() and 0 < len(press.action) <= _MAX_ACTION):
        raise BadRequest("This button is none of mine; nothing was done.")
    text = None if press.text is None else _storable(press.text)
    parse_press(press.action, text)  # what no button of ours says, only who pressed is told
    return replace(press, text=text, person=_person(press.person))


def _check_about(message: str) -> None:
    if not _sound(message) or message.startswith(_OURS):
        raise BadRequest("The change is about no message of a person.")


def _check_place(thread: ThreadRef) -> None:
    channel: ChannelRef = thread.channel
    parts = (channel.platform, channel.workspace, channel.channel)
    if not all(map(_sound, parts)) or not (thread.thread == "" or _sound(thread.thread)):
        raise BadRequest("The message comes from a place without a usable name.")


def _person(person: Person) -> Person:
    if not _sound(person.id):
        raise BadRequest("The message comes from somebody without a usable id.")
    # Names are put between words of ours: on one line, short, and without invisible signs.
    shown = "".join(char if char.isprintable() else " " for char in person.name[: 4 * _MAX_NAME])
    return replace(
        person,
        name=" ".join(shown.split())[:_MAX_NAME] or person.id[:_MAX_NAME],
        roles=frozenset(sorted(filter(_sound, person.roles))[:_MAX_ROLES]),
    )


def _sound(id: str) -> bool:
    return 0 < len(id) <= _MAX_ID and _storable(id) == id


def _storable(text: str) -> str:
    # Lone surrogates cannot be stored as UTF-8, and NUL ends text for much of the world.
    return text.encode("utf-8", "replace").decode().replace("\0", "\ufffd")
