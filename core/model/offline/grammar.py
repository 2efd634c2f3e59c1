"""From one request's words to the actions it asks for, by the phrases. Pure; knows no lists."""

import re

from core.model.offline.intents import Action, Unclear
from core.model.offline.phrases import PHRASES, QUOTED
from core.model.offline.spans import cut

_POLITE = re.compile(
    r"^(?:(?:hey|hi|ok|okay|so|now|and|also|then|please|pls)[,\s]+|@?thaw[:,\s]+"
    r"|(?:can|could|would|will) you (?:please )?|i(?:'d| would) like you to |i want you to )+",
    re.IGNORECASE,
)
_PLEASE = re.compile(r"[\s,]+(?:please|pls|thanks|thank you)[.!]*$", re.IGNORECASE)
# After a closing mark a full stop or question mark is the sentence's.
_AFTER_QUOTE = re.compile(r"([`\"”])[.!?]+$")
_THEN = re.compile(r"[,.;]?\s+(?:and\s+)?then\s+|\.\s+(?=[A-Z])", re.IGNORECASE)
_VERB = re.compile(
    rf"(?:run|execute)\s+(?:the\s+|a\s+|this\s+)?(?:command|script|python|{QUOTED})"
    r"|(?:write|create|make)\s+(?:a\s+|the\s+)?file\s|write\s+(?:the\s+|a\s+)?launch\s"
    r"|(?:wait|sleep)\s+(?:for\s+)?\d"
    r"|(?:look\s*up|search|find|set|put|include|append|exclude|add|remove|delete|unset|increment"
    r"|increase|list|show|read)\s|why\s+did\s",
    re.IGNORECASE,
)


def bare(text: str) -> str:
    """A request without courtesies."""
    text = _POLITE.sub("", text.strip())
    return _PLEASE.sub("", _AFTER_QUOTE.sub(r"\1", text)).strip()


def starts_request(text: str) -> bool:
    """Whether a text begins as a request that the phrases know."""
    return _VERB.match(text) is not None


def parse(text: str) -> Action:
    """What one request asks for; Unclear if no phrase fits."""
    plain = bare(text)
    # First with its last mark, which may be part of a command or of a file's content.
    for candidate in dict.fromkeys((plain, plain.rstrip(".!? "))):
        for pattern, build in PHRASES:
            found = pattern.fullmatch(candidate)
            if found:
                return build(found)
    return Unclear(words=text.strip())


def parse_all(text: str) -> tuple[Action, ...]:
    """What a request asks for step by step ("…, then …"); as one if its steps make no sense."""
    actions = tuple(parse(part) for part in cut(text, _THEN))
    if len(actions) > 1 and not any(isinstance(action, Unclear) for action in actions):
        return actions
    return (parse(text),)
