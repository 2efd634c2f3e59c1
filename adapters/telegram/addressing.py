"""Whether a message is meant for the bot, and what it says without the bot's name. Pure."""

import re
from dataclasses import dataclass

from adapters.telegram.menu import KNOWN
from adapters.telegram.payload import Fields, number, part, parts, words
from adapters.telegram.wordless import forwarded

_COMMAND = re.compile(r"/([A-Za-z0-9_]+)(?:@([A-Za-z0-9_]+))?(?=\s|$)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Me:
    """The bot itself, as getMe tells."""

    id: int
    username: str


def text_for(message: Fields, me: Me, *, meant: bool = False) -> str | None:
    """What the message says to the bot, without its name; None if it is not for the bot.

    `meant`: it is known to be, as a further file of an album is.
    """
    text = words(message, "text") or words(message, "caption")
    entities = parts(message, "entities") or parts(message, "caption_entities")
    command = _COMMAND.match(text)
    told, named = _without_name(text, entities, me)
    private = words(part(message, "chat"), "type") == "private"
    if forwarded(message):
        # Names and commands in it are those of who wrote it, not of who passes it on.
        return text if private or meant else None
    if command is not None and command[2] and command[2].lower() != me.username.lower():
        return None
    known = command is not None and command[1].lower() in KNOWN
    if not (meant or private or named or known or _answers(message, me)):
        return None
    return _command(told) if command is not None else told


def _command(text: str) -> str:
    found = _COMMAND.match(text)
    if found is None:
        return text
    if found[1].lower() == "start":
        return "/help"
    return f"/{found[1]}{text[found.end() :]}"


def _answers(message: Fields, me: Me) -> bool:
    replied = part(message, "reply_to_message")
    # Every message in a topic answers the one that made the topic.
    made_topic = "forum_topic_created" in replied
    return number(part(replied, "from"), "id") == me.id and not made_topic


def _without_name(text: str, entities: list[Fields], me: Me) -> tuple[str, bool]:
    encoded, named = text.encode("utf-16-le", "surrogatepass"), False
    for entity in sorted(entities, key=lambda one: number(one, "offset") or 0, reverse=True):
        start, length = number(entity, "offset"), number(entity, "length")
        if start is None or length is None or start < 0 or length <= 0:
            continue
        span = slice(2 * start, 2 * (start + length))
        if _names_me(entity, encoded[span].decode("utf-16-le", "replace"), me):
            named = True
            encoded = encoded[: span.start] + encoded[span.stop :]
    return encoded.decode("utf-16-le", "replace").strip(), named


def _names_me(entity: Fields, text: str, me: Me) -> bool:
    match words(entity, "type"):
        case "mention":
            return text.lower() == f"@{me.username}".lower()
        case "text_mention":
            return number(part(entity, "user"), "id") == me.id
        case _:
            return False


def quoted(message: Fields, me: Me) -> str:
    """The message of another person that this one replies to, as a quotation; "" without one.

    The bot may never have seen it: in groups it gets only what is meant for it.
    """
    replied = part(message, "reply_to_message")
    text = words(part(message, "quote"), "text") or words(replied, "text")
    text = text or words(replied, "caption")
    if not text or number(part(replied, "from"), "id") == me.id:
        return ""
    return "\n".join(f"> {line}" for line in text[:_LONGEST_QUOTE].splitlines())


_LONGEST_QUOTE = 4000
