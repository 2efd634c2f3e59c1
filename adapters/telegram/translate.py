"""One update of Telegram, read: what somebody did that concerns the bot, or nothing. Pure."""

from dataclasses import dataclass

from adapters.telegram.address import Spot, thread_ref
from adapters.telegram.addressing import Me, quoted, text_for
from adapters.telegram.payload import Fields, number, part, parts, words, yes
from adapters.telegram.wordless import forwarded, in_words, passed_on
from core.messages import Edit, Message, Person, Press, ThreadRef

ASKS = "?"  # before the action of a button whose press opens a form


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A file that came with a message, not fetched yet. `size` in bytes, None if not told."""

    file_id: str
    name: str
    size: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A message to the bot. `replied` is the message of the bot's that it answers."""

    message: Message
    spot: Spot
    files: tuple[Sent, ...] = ()
    replied: Spot | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pressed:
    """A press of a button under the message `spot`; `asks`: its form comes first."""

    press: Press
    spot: Spot
    asks: bool
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited:
    """A message that the bot can see was edited; perhaps it never was for the bot."""

    edit: Edit


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """The group `old` is the supergroup `new` now."""

    old: int
    new: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """The bot was thrown out of a chat, or blocked by its person."""

    chat: int


Event = Said | Pressed | Edited | Moved | Removed


def place(update: Fields) -> tuple[int, int | None] | None:
    """Chat and topic in which something happened: updates of one place are kept in order."""
    message = _message_in(update)
    chat = number(part(message, "chat"), "id")
    return None if chat is None else (chat, _topic(message))


def translate(
    update: Fields, me: Me, home: int, now: float, *, meant: bool = False
) -> Event | None:
    """What the update says; `home` is the chat that holds the state of the update's chat.

    `now` is the time of its arrival in Unix seconds: presses have no time of their own. `meant`:
    it is for the bot, because its album is.
    """
    if "callback_query" in update:
        return _pressed(part(update, "callback_query"), home, now)
    if "edited_message" in update:
        return _edited(update, me, home)
    if "my_chat_member" in update:
        return _removed(part(update, "my_chat_member"))
    message = part(update, "message")
    moved = _moved(message)
    return moved if moved is not None else _said(message, me, home, meant)


def _message_in(update: Fields) -> Fields:
    for name in ("message", "edited_message", "my_chat_member"):
        if name in update:
            return part(update, name)
    return part(part(update, "callback_query"), "message")


def _said(message: Fields, me: Me, home: int, meant: bool) -> Said | None:
    at, author = _spot(message), _author(message)
    text = text_for(message, me, meant=meant)
    if at is None or author is None or text is None:
        return None
    replied = part(message, "reply_to_message")
    own = number(part(replied, "from"), "id") == me.id
    # "@bot what is this?" in reply to somebody's file is about that file.
    files = _files(message) or (() if own else _files(replied))
    text = text or in_words(message)
    if text and (whose := forwarded(message)):
        text = passed_on(whose, text)
    elif not text.startswith("/") and (quote := quoted(message, me)):
        text = f"{text}\n\n{quote}".strip()
    if not text and not files:
        if not (words(message, "text") or words(message, "caption")):
            return None  # somebody joined, a sticker, a poll
        text = "/help"  # the bot's name alone
    return Said(
        message=Message(
            id=str(at),
            thread=_thread(message, home),
            author=author,
            text=text,
            at=float(number(message, "date") or 0),
            direct=words(part(message, "chat"), "type") == "private",
        ),
        spot=at,
        files=files,
        replied=_spot(replied) if own else None,
    )


def _edited(update: Fields, me: Me, home: int) -> Edited | None:
    message = part(update, "edited_message")
    at, author = _spot(message), _author(message)
    # An edit may take the bot's name out: whether the message was for the bot, the core knows.
    text = text_for(message, me) or words(message, "text") or words(message, "caption")
    id = number(update, "update_id")
    if at is None or author is None or id is None or not text:
        return None
    when = number(message, "edit_date") or number(message, "date") or 0
    return Edited(
        edit=Edit(
            id=f"edit:{id}",
            thread=_thread(message, home),
            message_id=str(at),
            author=author,
            text=text,
            at=float(when),
        )
    )


def _pressed(query: Fields, home: int, now: float) -> Pressed | None:
    message = part(query, "message")
    at, id = _spot(message), words(query, "id")
    person, data = _person(part(query, "from")), words(query, "data")
    if at is None or person is None or not id or not data:
        return None
    action = data.removeprefix(ASKS)
    return Pressed(
        press=Press(
            id=f"press:{id}",
            thread=_thread(message, home),
            person=person,
            action=action,
            at=now,
        ),
        spot=at,
        asks=data.startswith(ASKS),
        label=_label(message, data),
    )


def _label(message: Fields, data: str) -> str:
    keyboard = part(message, "reply_markup").get("inline_keyboard")
    for row in keyboard if isinstance(keyboard, list) else []:
        for button in parts({"row": row}, "row"):
            if words(button, "callback_data") == data:
                return words(button, "text")
    return ""


def _moved(message: Fields) -> Moved | None:
    chat = number(part(message, "chat"), "id")
    new, old = number(message, "migrate_to_chat_id"), number(message, "migrate_from_chat_id")
    if chat is not None and new is not None:
        return Moved(old=chat, new=new)
    if chat is not None and old is not None:
        return Moved(old=old, new=chat)
    return None


def _removed(member: Fields) -> Removed | None:
    chat = number(part(member, "chat"), "id")
    gone = words(part(member, "new_chat_member"), "status") in {"kicked", "left"}
    return Removed(chat=chat) if gone and chat is not None else None


def _author(message: Fields) -> Person | None:
    """Who wrote it; nobody for bots, channels and what came through another bot."""
    chat, behind = part(message, "chat"), part(message, "sender_chat")
    if "via_bot" in message or yes(message, "is_automatic_forward"):
        return None
    if behind:
        # An admin who hides behind the group; any other chat is somebody's channel.
        id = number(behind, "id")
        if id is None or id != number(chat, "id"):
            return None
        name = words(message, "author_signature") or words(behind, "title")
        return Person(id=str(id), name=name or "admin")
    return _person(part(message, "from"))


def _person(user: Fields) -> Person | None:
    id = number(user, "id")
    if id is None or user.get("is_bot") is not False:
        return None
    full = f"{words(user, 'first_name')} {words(user, 'last_name')}".strip()
    return Person(id=str(id), name=full or words(user, "username") or str(id))


def _spot(message: Fields) -> Spot | None:
    chat, id = number(part(message, "chat"), "id"), number(message, "message_id")
    return None if chat is None or id is None else Spot(chat=chat, message=id)


def _topic(message: Fields) -> int | None:
    # Replies in groups without topics have a thread number too; it is no place of its own.
    return number(message, "message_thread_id") if yes(message, "is_topic_message") else None


def _thread(message: Fields, home: int) -> ThreadRef:
    return thread_ref(home, _topic(message))


def _files(message: Fields) -> tuple[Sent, ...]:
    photos = parts(message, "photo")
    found = [(photos[-1], "photo.jpg")] if photos else []
    for kind, name in _KINDS.items():
        if kind in message and not (kind == "document" and "animation" in message):
            found.append((part(message, kind), name))
    return tuple(
        Sent(file_id=id, name=words(file, "file_name") or name, size=number(file, "file_size"))
        for file, name in found
        if (id := words(file, "file_id"))
    )


_KINDS = {
    "document": "document",
    "audio": "audio.mp3",
    "video": "video.mp4",
    "animation": "animation.mp4",
    "voice": "voice.ogg",
    "video_note": "video.mp4",
}
