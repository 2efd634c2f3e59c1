"""The Bot API's methods over the world: each takes the call's fields and returns its result."""

import re
import time
from collections.abc import Mapping
from typing import Any

from tests.emulators.telegram.checks import (
    LONGEST_CAPTION,
    check_entities,
    check_markup,
    check_text,
    notified,
)
from tests.emulators.telegram.limits import Meter
from tests.emulators.telegram.refusal import Refusal, bad
from tests.emulators.telegram.world import BOT_ID, Chat, Shown, World, user

LARGEST_DOWN = 20 * 2**20
LARGEST_UP = 50 * 2**20
LONGEST_RICH = 32_768
_REACTIONS = {"👀", "👍", "👎", "❤", "🔥", "🎉", "🤔", "👌", "✍"}
_ACTIONS = {"typing", "upload_document", "upload_photo"}

Fields = Mapping[str, Any]


class Methods:
    """One method each, named as the API names them in snake case. Raises Refusal."""

    def __init__(self, world: World, meter: Meter) -> None:
        self._world = world
        self._meter = meter
        self.commands: list[dict[str, str]] = []
        self.rich = True
        self.privacy = True

    def get_me(self, _: Fields) -> dict[str, Any]:
        """The bot itself."""
        reads_all = {"can_read_all_group_messages": not self.privacy}
        return user(BOT_ID) | {"can_join_groups": True} | reads_all

    def send_message(self, fields: Fields) -> dict[str, Any]:
        """A new message of the bot."""
        chat = self._open(fields)
        text, entities = fields.get("text", ""), fields.get("entities") or []
        check_text(text)
        check_entities(text, entities)
        return self._add(chat, fields, text, entities=entities)

    def send_rich_message(self, fields: Fields) -> dict[str, Any]:
        """A new rich message; a server before 10.1 does not know it."""
        chat = self._open(fields)
        return self._add(chat, fields, "", rich=self._rich(fields))

    def send_document(self, fields: Fields) -> dict[str, Any]:
        """A new message with a file."""
        chat = self._open(fields)
        name, content = fields["document"]
        if len(content) > LARGEST_UP:
            raise Refusal(413, "Request Entity Too Large")
        if not content:
            raise bad("file must be non-empty")
        caption = fields.get("caption", "")
        if caption:
            check_text(caption, LONGEST_CAPTION)
        return self._add(chat, fields, caption, file=(name, content))

    def edit_message_text(self, fields: Fields) -> dict[str, Any]:
        """Another text for a message of the bot's own."""
        chat, shown = self._own(fields)
        check_markup(fields.get("reply_markup"))
        known = self.rich and "rich_message" in fields
        rich = self._rich(fields) if known else None
        text, entities = fields.get("text", ""), fields.get("entities") or []
        if rich is None:
            check_text(text)
            check_entities(text, entities)
        self._meter.count(chat.id, group=chat.kind != "private")
        new = (text, list(entities), fields.get("reply_markup"), rich)
        if new == (shown.text, list(shown.entities), shown.markup, shown.rich):
            raise bad(
                "message is not modified: specified new message content and reply markup are "
                "exactly the same as a current content and reply markup of the message"
            )
        shown.history.append(shown.text)
        shown.text, shown.entities, shown.markup, shown.rich = new
        return self._world.payload(shown)

    def delete_message(self, fields: Fields) -> bool:
        """Take a message away."""
        chat, shown = self._own(fields, "message to delete not found")
        del chat.messages[shown.id]
        return True

    def send_message_draft(self, fields: Fields) -> bool:
        """A preview of a message in a private chat."""
        chat = self._open(fields)
        if chat.kind != "private":
            raise bad("TEXTDRAFT_PEER_INVALID")
        if not fields.get("draft_id"):
            raise bad("draft identifier must be non-zero")
        check_text(fields.get("text", ""))
        check_entities(fields["text"], fields.get("entities") or [])
        chat.drafts.append((fields["draft_id"], fields["text"]))
        return True

    def send_chat_action(self, fields: Fields) -> bool:
        """The bot is seen typing for five seconds."""
        if fields.get("action") not in _ACTIONS:
            raise bad("wrong parameter action in request")
        chat = self._open(fields)
        chat.typing.append(fields["action"])
        return True

    def set_message_reaction(self, fields: Fields) -> bool:
        """The bot's reaction to a message, one at most."""
        chat = self._world.reachable(fields["chat_id"])
        shown = chat.messages.get(fields.get("message_id", 0))
        if shown is None:
            raise bad("message to react not found")
        emoji = tuple(one["emoji"] for one in fields.get("reaction") or [])
        if len(emoji) > 1:
            raise bad("REACTIONS_TOO_MANY")
        if not set(emoji) <= _REACTIONS or not chat.reactions_allowed:
            raise bad("REACTION_INVALID")
        shown.reactions = emoji
        return True

    def answer_callback_query(self, fields: Fields) -> bool:
        """End the waiting sign on a pressed button."""
        id, calls = fields["callback_query_id"], self._world.open_callbacks
        if calls.get(id, fields) is not None:
            raise bad("query is too old and response timeout expired or query ID is invalid")
        if len(fields.get("text", "")) > 200:
            raise bad("MESSAGE_TOO_LONG")
        calls[id] = dict(fields)
        return True

    def get_file(self, fields: Fields) -> dict[str, Any]:
        """Where a file that a person sent can be fetched."""
        content = self._world.files.get(fields.get("file_id", ""))
        if content is None:
            raise bad("wrong file_id or the file is temporarily unavailable")
        if len(content) > LARGEST_DOWN:
            raise bad("file is too big")
        id = fields["file_id"]
        return {"file_id": id, "file_unique_id": f"u{id}", "file_path": f"documents/{id}"}

    def set_my_commands(self, fields: Fields) -> bool:
        """The menu of commands."""
        for command in fields["commands"]:
            if not re.fullmatch(r"[a-z0-9_]{1,32}", command["command"]):
                raise bad("BOT_COMMAND_INVALID")
            if not 1 <= len(command["description"]) <= 256:
                raise bad("BOT_COMMAND_DESCRIPTION_INVALID")
        self.commands = fields["commands"]
        return True

    def _open(self, fields: Fields) -> Chat:
        chat = self._world.reachable(fields["chat_id"])
        thread = fields.get("message_thread_id")
        if thread is not None and thread not in chat.topics:
            raise bad("message thread not found")
        if thread in chat.closed:
            raise bad("TOPIC_CLOSED")
        return chat

    def _add(self, chat: Chat, fields: Fields, text: str, **more: Any) -> dict[str, Any]:
        markup = fields.get("reply_markup")
        check_markup(markup)
        replied = fields.get("reply_parameters") or {}
        reply_to = replied.get("message_id")
        if reply_to is not None and reply_to not in chat.messages:
            if not replied.get("allow_sending_without_reply"):
                raise bad("message to be replied not found")
            reply_to = None
        self._meter.count(chat.id, group=chat.kind != "private")
        shown = self._world.add(
            chat, BOT_ID, text, thread=fields.get("message_thread_id"), markup=markup,
            reply_to=reply_to, notified=notified(text, more.get("entities", ())), **more,
        )  # fmt: skip
        shown.at = time.monotonic()
        return self._world.payload(shown)

    def _own(
        self, fields: Fields, unknown: str = "message to edit not found"
    ) -> tuple[Chat, Shown]:
        chat = self._world.reachable(fields["chat_id"])
        shown = chat.messages.get(fields.get("message_id", 0))
        if shown is None:
            raise bad(unknown)
        if shown.author != BOT_ID:
            raise bad("message can't be edited")
        return chat, shown

    def _rich(self, fields: Fields) -> str:
        if not self.rich:
            raise Refusal(404, "Not Found")
        html = str(fields["rich_message"].get("html", ""))
        if not html or len(html.encode()) > LONGEST_RICH:
            raise bad("RICH_MESSAGE_INVALID")
        return html
