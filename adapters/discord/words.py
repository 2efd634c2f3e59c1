"""The words of a message: what was written, with names for ids; what is no text, in words; what it
passes on or answers, as a quotation. Pure; decides nothing about whom it is for."""

import re
from collections.abc import Sequence

from adapters.discord.directory import Directory
from adapters.discord.fields import Payload, id_of, number, part, parts, text

_FORWARD = 1
_VOICE = 1 << 13
_LONGEST = 4000
_MOST = 10


def forwarded(payload: Payload) -> Sequence[Payload]:
    """The messages of others that this one passes on; Discord does not say whose they were."""
    return [part(one, "message") for one in parts(payload, "message_snapshots")[:_MOST]]


def is_forward(payload: Payload) -> bool:
    """Whether it refers to a message that it passes on, not to one that it answers."""
    return number(part(payload, "message_reference"), "type", 0) == _FORWARD


def replied_to(payload: Payload) -> Payload:
    """The message that this one answers, as far as Discord brings it."""
    return {} if is_forward(payload) else part(payload, "referenced_message")


def words(payload: Payload, directory: Directory) -> str:
    """All of it. Only its author's own words can be a command: the others' stand in quotations."""
    said = "\n".join(filter(None, [_written(payload, directory), *_in_words(payload)]))
    if said.startswith("/"):
        return said
    if passed_on := forwarded(payload):
        quotes = [_quoted(one, directory) for one in passed_on]
        said = _joined(said, "Forwarded message:" if any(quotes) else "Forwarded files", *quotes)
    answered = replied_to(payload)
    author = part(answered, "author")
    if answered and id_of(author) != directory.me and (quote := _quoted(answered, directory)):
        name = text(author, "global_name") or text(author, "username") or "somebody"
        said = _joined(said and f"{said}\n", f"In reply to {' '.join(name.split())[:80]}:", quote)
    return said


def _joined(*pieces: str) -> str:
    return "\n".join(filter(None, pieces))


def _quoted(message: Payload, directory: Directory) -> str:
    """Another's message with a sign before each line, whatever ends a line."""
    pieces = [_written(message, directory), *_in_words(message), *_cards(message)]
    pieces += [_quoted(one, directory) for one in forwarded(message)]
    whole = "\n".join(filter(None, pieces))[:_LONGEST]
    return "\n".join(f"> {line}" for line in whole.splitlines())


def _written(message: Payload, directory: Directory) -> str:
    """What was written, with names for ids; the bot's own name goes."""
    names = {
        id_of(one): text(part(one, "member"), "nick")
        or text(one, "global_name")
        or text(one, "username")
        for one in parts(message, "mentions")
    }

    def name(found: re.Match[str]) -> str:
        id = found["id"]
        if id == directory.me:
            return ""
        return f"@{' '.join(names[id].split())}" if names.get(id) else found[0]

    said = text(message, "content")
    said = re.sub(r"<@!?(?P<id>\d{1,20})>", name, said)
    for role in directory.roles:
        said = said.replace(f"<@&{role}>", "")
    return re.sub(r"<a?(:\w{2,32}:)\d{1,20}>", r"\1", said).strip()


def _in_words(message: Payload) -> list[str]:
    """Voice, stickers and polls: a line or some for each."""
    made = []
    if number(message, "flags", 0) & _VOICE:
        lasts = [one.get("duration_secs") for one in parts(message, "attachments")]
        told = [one for one in lasts if isinstance(one, int | float) and 0 <= one < 86_400]
        made.append(f"Voice message, {told[0]:.0f} s" if told else "Voice message")
    made += [
        f"Sticker: {' '.join(text(one, 'name').split())[:80]}"
        for one in parts(message, "sticker_items")[:_MOST]
    ]
    poll = part(message, "poll")
    if poll:
        answers = [text(part(one, "poll_media"), "text") for one in parts(poll, "answers")[:_MOST]]
        question = text(part(poll, "question"), "text")
        made.append("\n- ".join([f"Poll: {question}", *filter(None, answers)])[:_LONGEST])
    return made


def _cards(message: Payload) -> list[str]:
    """What other bots say in cards; what Discord shows of a link is no word of anybody."""
    made = []
    for embed in parts(message, "embeds")[:_MOST]:
        if text(embed, "type") == "rich":
            fields = [
                f"{text(one, 'name')}: {text(one, 'value')}" for one in parts(embed, "fields")
            ]
            made += [text(embed, "title"), text(embed, "description"), *fields]
    return made
