"""What the server takes in a text, its entities and its buttons, and whom a text notifies. Pure."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from tests.emulators.telegram.refusal import bad

LONGEST_TEXT = 4096  # UTF-16 units
LONGEST_CAPTION = 1024
MOST_ENTITIES = 100
LONGEST_DATA = 64  # bytes
_MENTION = re.compile(r"(?<![\w@])@([A-Za-z][A-Za-z0-9_]{3,31})(?!\w)")
_UNSEARCHED = {"code", "pre", "text_link", "text_mention"}
_TYPES = {
    *("bold", "italic", "underline", "strikethrough", "spoiler", "blockquote"),
    *("expandable_blockquote", "code", "pre", "text_link", "text_mention", "custom_emoji"),
    *("mention", "url", "hashtag", "bot_command", "email"),
}

Entity = Mapping[str, Any]


def units(text: str) -> int:
    """Length as Telegram counts it."""
    return len(text.encode("utf-16-le")) // 2


def check_text(text: str, longest: int = LONGEST_TEXT) -> None:
    """Raises Refusal for a text that is empty or too long."""
    if not text.strip(" \t\n\r\u200b\u2060\ufeff"):
        raise bad("message text is empty")
    if units(text) > longest:
        raise bad("message is too long")


def check_entities(text: str, entities: Sequence[Entity]) -> None:
    """Raises Refusal for entities that the text cannot have."""
    if len(entities) > MOST_ENTITIES:
        raise bad("too many entities: the real server drops the rest in silence")
    encoded = text.encode("utf-16-le")
    for entity in entities:
        if entity["type"] not in _TYPES:
            raise bad("unsupported entity type")
        start, end = entity["offset"], entity["offset"] + entity["length"]
        if start < 0 or entity["length"] <= 0 or 2 * end > len(encoded):
            raise bad("entity is out of the text")
        for edge in (start, end):
            if encoded[2 * edge : 2 * edge + 2] and 0xDC <= encoded[2 * edge + 1] <= 0xDF:
                raise bad("entity begins or ends in the middle of a UTF-16 symbol")
        if entity["type"] == "text_link" and not re.match(
            r"(https?|mailto|tel|tg|ton):", entity.get("url") or ""
        ):
            raise bad("entity URL is invalid")
        if entity["type"] == "text_mention" and not entity.get("user"):
            raise bad("entity has no user")


def notified(text: str, entities: Sequence[Entity]) -> set[str]:
    """Whom the text notifies: user names found by the server, user ids mentioned by entities."""
    masked = bytearray(text.encode("utf-16-le"))
    for entity in entities:
        if entity["type"] in _UNSEARCHED:
            start, end = 2 * entity["offset"], 2 * (entity["offset"] + entity["length"])
            masked[start:end] = " ".encode("utf-16-le") * ((end - start) // 2)
    names = set(_MENTION.findall(masked.decode("utf-16-le", "replace")))
    for entity in entities:
        if entity["type"] == "text_mention":
            names.add(str(entity["user"]["id"]))
        if entity["type"] == "text_link" and entity["url"].startswith("tg://user?id="):
            names.add(entity["url"].removeprefix("tg://user?id="))
    return names


def check_markup(markup: Mapping[str, Any] | None) -> None:
    """Raises Refusal for buttons that Telegram does not show."""
    if not markup or "inline_keyboard" not in markup:
        return
    rows = markup["inline_keyboard"]
    buttons = [button for row in rows for button in row]
    if len(buttons) > 100 or any(len(row) > 8 for row in rows):
        raise bad("too many inline keyboard buttons")
    for button in buttons:
        if not button.get("text"):
            raise bad("inline keyboard button text must be non-empty")
        data = button.get("callback_data")
        if data is not None and not 0 < len(data.encode()) <= LONGEST_DATA:
            raise bad("BUTTON_DATA_INVALID")
