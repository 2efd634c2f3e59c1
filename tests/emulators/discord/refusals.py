"""What the emulated Discord refuses, with its own codes. Pure checks of payloads."""

import re
from typing import Any

MOST_BYTES = 10 * 2**20


class Refused(Exception):
    """An error answer: HTTP status, Discord's code, words."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


def bad(field: str, why: str) -> Refused:
    return Refused(400, 50035, f"Invalid Form Body: {field}: {why}")


def unknown(code: int, what: str) -> Refused:
    return Refused(404, code, f"Unknown {what}")


def length(text: str) -> int:
    """Characters as the stricter of the platform's clients counts them."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def visible(text: str) -> str:
    """What is left of a text without blanks and signs that show nothing."""
    return re.sub(r"[\s\u200b-\u200f\u2060\ufeff]", "", text)


def at_most(text: object, most: int, field: str, least: int = 0) -> None:
    if not isinstance(text, str):
        raise bad(field, "not a string")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise bad(field, "no UTF-8") from error
    if not least <= length(text) <= most:
        raise bad(field, f"Must be {most} or fewer in length ({length(text)})")


def message(body: dict[str, Any], files: dict[str, bytes], *, edit: bool = False) -> None:
    """Refuse a message that the real one would refuse."""
    known = {
        "content", "nonce", "enforce_nonce", "tts", "embeds", "allowed_mentions", "attachments",
        "message_reference", "components", "flags", "sticker_ids", "poll",
    }  # fmt: skip
    if set(body) - known:
        raise bad("body", f"unknown fields {sorted(set(body) - known)}")
    content, embeds = body.get("content"), body.get("embeds") or []
    if content is not None:
        at_most(content, 2000, "content")
    if not edit and not visible(content or "") and not embeds and not files:
        raise Refused(400, 50006, "Cannot send an empty message")
    nonce = body.get("nonce")
    if nonce is not None and len(str(nonce)) > 25:
        raise bad("nonce", "Must be 25 or fewer in length.")
    _files(body, files)
    _embeds(embeds)
    components(body.get("components") or [])
    flags = body.get("flags", 0)
    if flags & ~(1 << 2 | 1 << 6 | 1 << 12):
        raise bad("flags", "not allowed")
    _mentions(body.get("allowed_mentions"))


def _files(body: dict[str, Any], files: dict[str, bytes]) -> None:
    if len(files) > 10:
        raise bad("attachments", "Must be 10 or fewer in length.")
    if any(len(content) > MOST_BYTES for content in files.values()):
        raise Refused(413, 40005, "Request entity too large")
    if sum(map(len, files.values())) > 25 * 2**20:
        raise Refused(413, 40005, "Request entity too large")


def _embeds(embeds: list[dict[str, Any]]) -> None:
    if len(embeds) > 10:
        raise bad("embeds", "Must be 10 or fewer in length.")
    total = 0
    for embed in embeds:
        at_most(embed.get("title", ""), 256, "embeds.title")
        at_most(embed.get("description", ""), 4096, "embeds.description")
        at_most(embed.get("footer", {}).get("text", ""), 2048, "embeds.footer")
        fields = embed.get("fields", [])
        if len(fields) > 25:
            raise bad("embeds.fields", "Must be 25 or fewer in length.")
        for one in fields:
            at_most(one["name"], 256, "embeds.fields.name", 1)
            at_most(one["value"], 1024, "embeds.fields.value", 1)
        parts = [embed.get("title", ""), embed.get("description", "")]
        parts += [embed.get("footer", {}).get("text", "")]
        parts += [one[key] for one in fields for key in ("name", "value")]
        total += sum(map(length, parts))
    if total > 6000:
        raise bad("embeds", "Embed size exceeds maximum size of 6000")


def components(rows: list[dict[str, Any]]) -> None:
    """Refuse rows of buttons that are too many, too long or alike."""
    if len(rows) > 5:
        raise bad("components", "Must be 5 or fewer in length.")
    seen: set[str] = set()
    for row in rows:
        if row.get("type") != 1 or not 1 <= len(row.get("components", [])) <= 5:
            raise bad("components", "Must be between 1 and 5 in length.")
        for button in row["components"]:
            if button.get("type") != 2 or button.get("style") not in (1, 2, 3, 4):
                raise bad("components", "no button")
            at_most(button.get("label"), 80, "components.label", 1)
            at_most(button.get("custom_id"), 100, "components.custom_id", 1)
            if button["custom_id"] in seen:
                raise bad("components.custom_id", "Component custom id cannot be duplicated")
            seen.add(button["custom_id"])


def _mentions(allowed: dict[str, Any] | None) -> None:
    if allowed is None:
        return
    users = allowed.get("users", [])
    if len(users) > 100:
        raise bad("allowed_mentions.users", "Must be 100 or fewer in length.")
    if users and "users" in allowed.get("parse", []):
        raise bad("allowed_mentions", "parse:[users] and users are mutually exclusive")


def modal(data: dict[str, Any]) -> None:
    """Refuse a form that is no form."""
    at_most(data.get("title"), 45, "title", 1)
    at_most(data.get("custom_id"), 100, "custom_id", 1)
    rows = data.get("components") or []
    if not 1 <= len(rows) <= 5:
        raise bad("components", "Must be between 1 and 5 in length.")
    for row in rows:
        if row.get("type") != 18:
            raise bad("components", "a label is expected")
        at_most(row.get("label"), 45, "label", 1)
        at_most(row.get("description", ""), 100, "description")
        field = row["component"]
        if field.get("type") != 4 or field.get("style") not in (1, 2):
            raise bad("components", "no text input")
        at_most(field.get("custom_id"), 100, "custom_id", 1)
        at_most(field.get("placeholder", ""), 100, "placeholder")
        if not 1 <= field.get("max_length", 4000) <= 4000:
            raise bad("max_length", "Must be 4000 or less")


def choices(data: dict[str, Any]) -> None:
    """Refuse completions that are too many or too long."""
    found = data.get("choices")
    if not isinstance(found, list) or len(found) > 25:
        raise bad("choices", "Must be 25 or fewer in length.")
    for choice in found:
        at_most(choice["name"], 100, "choices.name", 1)


def commands(body: list[dict[str, Any]]) -> None:
    """Refuse slash commands that the real one would not register."""
    if len(body) > 100:
        raise Refused(400, 30032, "Maximum number of application commands reached (100)")
    names = [command.get("name") for command in body]
    if len(set(names)) != len(names):
        raise bad("name", "Application command names must be unique")
    for command in body:
        _command(command)


def _command(command: dict[str, Any]) -> None:
    if not re.fullmatch(r"[-_a-z0-9]{1,32}", command.get("name", "")):
        raise bad("name", "no command name")
    at_most(command.get("description"), 100, "description", 1)
    options = command.get("options", [])
    if len(options) > 25:
        raise bad("options", "Must be 25 or fewer in length.")
    required = [option.get("required", False) for option in options]
    if required != sorted(required, reverse=True):
        raise bad("options", "Required options must be placed before non-required options")
    for option in options:
        if not re.fullmatch(r"[-_a-z0-9]{1,32}", option.get("name", "")):
            raise bad("options.name", "no option name")
        at_most(option.get("description"), 100, "options.description", 1)
        if option.get("autocomplete") and option.get("choices"):
            raise bad("options", "autocomplete and choices exclude each other")
