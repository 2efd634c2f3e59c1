"""What people see: chats, topics, messages with their past, and what people do. No protocol."""

import itertools
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.emulators.telegram.checks import Entity
from tests.emulators.telegram.refusal import Refusal, bad

BOT_ID = 4242
BOT_NAME = "ThawTestBot"


@dataclass(slots=True, kw_only=True)
class Shown:
    """One message as people see it; `history` holds the texts it had before."""

    id: int
    chat: int
    author: int
    text: str
    thread: int | None = None
    entities: Sequence[Entity] = ()
    markup: Mapping[str, Any] | None = None
    reply_to: int | None = None
    history: list[str] = field(default_factory=list)
    reactions: tuple[str, ...] = ()
    file: tuple[str, bytes] | None = None
    rich: str | None = None
    notified: set[str] = field(default_factory=set)
    at: float = field(default_factory=time.monotonic)

    @property
    def buttons(self) -> dict[str, str]:
        """Label and callback data of its buttons."""
        rows = (self.markup or {}).get("inline_keyboard", [])
        return {one["text"]: one.get("callback_data", "") for row in rows for one in row}


@dataclass(slots=True, kw_only=True)
class Chat:
    """One chat: `kind` is private, group or supergroup."""

    id: int
    kind: str
    title: str
    topics: set[int] = field(default_factory=set)
    closed: set[int] = field(default_factory=set)
    messages: dict[int, Shown] = field(default_factory=dict)
    drafts: list[tuple[int, str]] = field(default_factory=list)
    typing: list[str] = field(default_factory=list)
    ids: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    gone: Refusal | None = None
    reactions_allowed: bool = True

    @property
    def payload(self) -> dict[str, Any]:
        """The chat as the Bot API writes it."""
        named = "first_name" if self.kind == "private" else "title"
        forum = {"is_forum": True} if self.topics and self.kind != "private" else {}
        return {"id": self.id, "type": self.kind, named: self.title} | forum

    def said(self) -> list[Shown]:
        """The bot's messages, oldest first."""
        return [one for one in self.messages.values() if one.author == BOT_ID]


class World:
    """All chats. What people do goes to `push` as an update without its number."""

    def __init__(self, push: Callable[[dict[str, Any]], None]) -> None:
        self._push = push
        self._callbacks = itertools.count(1)
        self._files = itertools.count(1)
        self.chats: dict[int, Chat] = {}
        self.files: dict[str, bytes] = {}
        self.open_callbacks: dict[str, dict[str, Any] | None] = {}
        self.clock: Callable[[], float] = time.time

    def chat(self, id: int, kind: str = "private", title: str = "Ann") -> Chat:
        """The chat with this id, made if it is new."""
        return self.chats.setdefault(id, Chat(id=id, kind=kind, title=title))

    def reachable(self, id: int) -> Chat:
        """The chat, if the bot may write to it. Raises Refusal."""
        chat = self.chats.get(id)
        if chat is None:
            raise bad("chat not found")
        if chat.gone is not None:
            raise chat.gone
        return chat

    def add(self, chat: Chat, author: int, text: str, **more: Any) -> Shown:
        """A new message, whoever wrote it."""
        shown = Shown(id=next(chat.ids), chat=chat.id, author=author, text=text, **more)
        chat.messages[shown.id] = shown
        return shown

    def say(self, chat: Chat, text: str, *, person: int = 7, **more: Any) -> Shown:
        """A person writes; `more` are fields of Shown, or `extra` fields of the payload."""
        extra = more.pop("extra", {})
        shown = self.add(chat, person, text, **more)
        self._push({"message": self.payload(shown) | extra})
        return shown

    def send_file(
        self,
        chat: Chat,
        name: str,
        content: bytes,
        *,
        caption: str = "",
        size: int | None = None,
        person: int = 7,
        extra: Mapping[str, Any] | None = None,
    ) -> Shown:
        """A person sends a document; `size` is what Telegram says it has."""
        file_id = f"file-{next(self._files)}"
        self.files[file_id] = content
        shown = self.add(chat, person, caption, file=(name, content))
        document = {
            "file_id": file_id,
            "file_unique_id": f"u{file_id}",
            "file_name": name,
            "file_size": len(content) if size is None else size,
        }
        payload = self.payload(shown)
        payload.pop("text")
        more = {"document": document, "caption": caption} | dict(extra or {})
        self._push({"message": payload | more})
        return shown

    def edit(self, chat: Chat, shown: Shown, text: str) -> None:
        """A person edits a message of theirs."""
        shown.history.append(shown.text)
        shown.text = text
        stamp = {"edit_date": int(self.clock())}
        self._push({"edited_message": self.payload(shown) | stamp})

    def press(self, shown: Shown, label: str, *, person: int = 7) -> str:
        """A person presses a button of a message; the id of the query."""
        return self.forge(shown, shown.buttons[label], person=person)

    def forge(self, shown: Shown, data: str, *, person: int = 7) -> str:
        """A query with any data, as a client of one's own can send it."""
        query = f"query-{next(self._callbacks)}"
        self.open_callbacks[query] = None
        payload = {
            "id": query,
            "from": user(person),
            "chat_instance": "1",
            "data": data,
            "message": self.payload(shown),
        }
        self._push({"callback_query": payload})
        return query

    def upgrade(self, chat: Chat, new_id: int) -> Chat:
        """The group becomes a supergroup with another id, its messages numbered anew."""
        new = self.chat(new_id, "supergroup", chat.title)
        description = "Bad Request: group chat was upgraded to a supergroup chat"
        chat.gone = Refusal(400, description, {"migrate_to_chat_id": new_id})
        service = self.payload(self.add(chat, 7, "")) | {"migrate_to_chat_id": new_id}
        self._push({"message": service})
        back = self.payload(self.add(new, 7, "")) | {"migrate_from_chat_id": chat.id}
        self._push({"message": back})
        return new

    def payload(self, shown: Shown) -> dict[str, Any]:
        """The message as the Bot API writes it."""
        chat = self.chats[shown.chat]
        payload: dict[str, Any] = {
            "message_id": shown.id,
            "date": int(self.clock()),
            "chat": chat.payload,
            "from": user(shown.author),
            "text": shown.text,
        }
        if shown.thread is not None:
            payload |= {"message_thread_id": shown.thread, "is_topic_message": True}
        if shown.entities:
            payload["entities"] = list(shown.entities)
        if shown.markup and "inline_keyboard" in shown.markup:
            payload["reply_markup"] = dict(shown.markup)
        replied = chat.messages.get(shown.reply_to or 0)
        if replied is not None:
            payload["reply_to_message"] = self.payload(replied)
        return payload


def user(id: int) -> dict[str, Any]:
    """A person, or the bot itself, as the Bot API writes them."""
    if id == BOT_ID:
        return {"id": id, "is_bot": True, "first_name": "Thaw", "username": BOT_NAME}
    return {"id": id, "is_bot": False, "first_name": f"Person {id}"}
