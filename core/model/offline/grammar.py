"""From one request's words to the actions it asks for, by the phrases. Pure; knows no lists."""

import re

from core.model.offline.intents import Action, Unclear, WriteFile
from core.model.offline.phrases import DURATION, PHRASES, QUOTED
from core.model.offline.spans import cut, split

_COURTESY = (
    r"hey|hi|hello|ok(?:ay)?|alright|great|good|so|now|and|also|but|please|pls|plz|kindly|just|well"
    r"|yes|separately|independently|sure"
    r"|meanwhile|thanks|go\s+ahead\s+and|feel\s+free\s+to|try\s+to|make\s+sure\s+to|remember\s+to"
    r"|first(?:ly|\s+of\s+all)?|@?thaw|for\s+me|do\s+me\s+a\s+favou?r(?:\s+and)?|let'?s|let\s+us"
    r"|(?:if|when(?:ever)?)\s+you\s+(?:can|could|don'?t\s+mind|like|(?:have|find)\s+(?:the\s+)?time)"
)
_ASKING = (
    r"(?:can|could|would|will)\s+(?:you|u|we)(?!\s+mind)"
    r"|i(?:'d|\s+would)\s+(?:like|love|want)\s+(?:you\s+)?to|(?:i|we)\s+(?:want|need)\s+(?:you\s+)?to"
    r"|(?:would|will)\s+it\s+be\s+(?:possible|okay|ok)(?:\s+for\s+you)?\s+to|you\s+(?:should|could|can)"
    r"|(?:i(?:'d|\s+would)\s+be\s+(?:glad|happy|grateful)|it\s+would\s+be\s+(?:great|nice|good|kind)"
    r"|i(?:'d|\s+would)\s+appreciate\s+it|i\s+(?:was|am)\s+wondering|i\s+wonder)"
    r"\s+if\s+you\s+(?:could|can|would)|be\s+so\s+(?:kind|good)\s+(?:as\s+to|and)"
)
_ASKS = re.compile(_ASKING, re.IGNORECASE)
# What says that something comes after what was said before.
_NEXT = (
    r"(?:then|next|finally|lastly|last|subsequently|after(?:wards?|\s+(?:that|this|which))"
    r"|(?:once|when|as\s+soon\s+as)\s+(?:that|this|it|you)(?:'s|'re|\s+is|\s+has|\s+are)?"
    r"\s+(?:been\s+)?(?:done|finished|over|complete|ready)|(?:second|third|fourth|fifth)(?:ly)?)"
)
# After a mark or an "and", or words that cannot be a time: "wait 1 second, run `a`".
_GAP = r"(?:[,.;:]\s+(?:(?:and|but|&)\s+)?|\s+(?:and|but|&)\s+|\s+(?!(?:second|third)\b))"
_LEAD = re.compile(rf"(?:(?:{_COURTESY}|{_NEXT})(?:[,:!.\s]+)|(?:{_ASKING})[,\s]+)+", re.IGNORECASE)
LATER = re.compile(rf"(?:and\s+|but\s+)?{_NEXT}\b[,:]?\s", re.IGNORECASE)
_TRAIL = re.compile(
    r"(?<![\s,.!:])[\s,.!]+(?:please|pls|plz|thanks(?:\s+a\s+lot|\s+in\s+advance)?|thx|cheers"
    r"|thank\s+you(?:\s+(?:very|so)\s+much)?(?:\s+in\s+advance)?|(?:will|would|could|can)\s+you"
    r"|(?:if|when(?:ever)?)\s+you\s+(?:can|could|don'?t\s+mind|have\s+(?:the\s+)?time)"
    # The result is posted in any case.
    r"|(?:and|then)\s+(?:then\s+)?(?:tell|show|give|send|report|let|post|share)"
    r"(?:\s+(?:me|us|back|it|here|know|the|what|results?|output|how|went|when|it'?s|is|done|you"
    r"|f[io]u?nd|see|happen(?:s|ed)|that|this))+)"
    r"[.!?]*$",
    re.IGNORECASE,
)
_TRAILS = 3
_HASTE = r"\s+(?:for\s+(?:me|us)|(?:right\s+)?now|asap|right\s+away|immediately|first)"
_FOR_ME = re.compile(rf"{_HASTE}$", re.IGNORECASE)
# After a closing mark a full stop or question mark is the sentence's.
_AFTER_QUOTE = re.compile(
    rf"([`\"”])(?:{_HASTE}|\s+while\s+(?:i|we|you)\s[\w\s]{{1,40}})?[.!?]*$", re.IGNORECASE
)
_THEN = re.compile(
    rf"{_GAP}{_NEXT}(?:[,:]\s*|\s+)(?:then\s+)?|\s*(?:->|=>|→)\s*",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"(?<=[^\s.])\.\s+(?=[A-Z])|(?<=\x00)\.\s+")
_AND = re.compile(
    r",\s*(?:(?:and|plus)\s+)?(?:also\s+)?"
    r"|\s+(?:and|plus|as\s+well\s+as|&|\+|[-\u2013\u2014•])\s+(?:also\s+)?",
    re.IGNORECASE,
)
_VERB = re.compile(
    rf"(?:run|execute)\s+(?:the\s+|a\s+|this\s+)?(?:command|script|python|{QUOTED})"
    r"|(?:write|create|make|save)\s+(?:a\s+|the\s+)?(?:new\s+)?(?:text\s+)?file\s"
    r"|write\s+(?:the\s+|a\s+)?launch\s"
    rf"|(?:write|save)\s+(?:{QUOTED}|\S.{{0,200}}?)\s+(?:in|to|into)\s+(?:a\s+file|the\s+file|\S+\.\w)"
    rf"|(?:wait|sleep|pause)\s+(?:for\s+)?(?:\d|{DURATION})"
    r"|(?:look\s*up|look\s+for|search|find|set|put|include|append|exclude|add|remove|delete|unset|increment"
    r"|increase|list|show|read)\s|why\s+did\s",
    re.IGNORECASE,
)
# The verb of the part before holds on: "run `a` and `b`", "set a to 1 and b to 2".
_RUNS = re.compile(r"(?:run|execute|wait|sleep)\b", re.IGNORECASE)
_COMMAND = re.compile(rf"(?:(?:the\s+)?(?:command|script)\s+)?(?P<rest>{QUOTED})[.!?]*", re.DOTALL)
_HELD = (
    (re.compile(r"(?:run|execute)\s+python\b", re.IGNORECASE), _COMMAND, "run python "),
    (_RUNS, _COMMAND, "run "),
    (_RUNS, re.compile(r"(?P<rest>(?:run|execute)\s+\S.*)", re.IGNORECASE | re.DOTALL), ""),
    (
        re.compile(r"set\b", re.IGNORECASE),
        re.compile(rf"(?P<rest>[\w.:/-]+(?:\s+to\s+|\s*=\s*)(?:{QUOTED}|[^\s,]+))", re.IGNORECASE),
        "set ",
    ),
    (
        re.compile(r"add\s+[-+]?\d", re.IGNORECASE),
        re.compile(r"(?P<rest>[-+]?\d+(?:\.\d+)?\s+to\s+\S+)", re.IGNORECASE),
        "add ",
    ),
)
_ENUMERATED = re.compile(
    r"(?P<verb>add|include|put|remove|exclude)\s+(?P<things>[^\n]{1,500}?)\s+"
    r"(?P<place>(?:to|in|into|on|from)\s+(?!(?:the\s+)?log\s)[^,\n]{1,100})",
    re.IGNORECASE,
)
_BETWEEN = re.compile(r",\s*(?:and\s+)?|\s+and\s+|\s+&\s+", re.IGNORECASE)
_TIMES = {
    "twice": 2, "two times": 2, "2 times": 2, "three times": 3, "3 times": 3, "four times": 4,
    "4 times": 4, "five times": 5, "5 times": 5,
}  # fmt: skip
_REPEATED = re.compile(
    rf"(?P<what>(?:run|execute|wait|add)\s.+?)\s+(?P<times>{'|'.join(_TIMES)})",
    re.IGNORECASE | re.DOTALL,
)
# Nobody asks for more in one breath; what has more parts is something to read.
_MOST_PARTS = 60


def bare(text: str) -> str:
    """A request without courtesies."""
    text = text.strip()
    if lead := _LEAD.match(text):
        text = text[lead.end() :]
        # "Could you set a to 1?": the mark is the question's.
        text = text.removesuffix("?") if _ASKS.search(lead[0]) else text
    for _ in range(_TRAILS):
        text = _TRAIL.sub("", text)
    return _AFTER_QUOTE.sub(r"\1", text).strip()


def starts_request(text: str) -> bool:
    """Whether a text begins, after courtesies, as a request that the phrases know."""
    lead = _LEAD.match(text)
    return _VERB.match(text, lead.end() if lead else 0) is not None


def parse(text: str) -> Action:
    """What one request asks for; Unclear if no phrase fits."""
    plain = bare(text)
    ended = plain.rstrip(".!? ")
    # First with its last mark, which may be part of a command or of a file's content.
    for candidate in dict.fromkeys((plain, ended, _FOR_ME.sub("", ended))):
        for pattern, build in PHRASES:
            found = pattern.fullmatch(candidate)
            if found:
                return build(found)
    return Unclear(words=text.strip())


def takes_text(text: str) -> bool:
    """Whether the first line only says where to write: the others are the text, as they are."""
    head, line, _ = text.strip().partition("\n")
    head = head.rstrip()
    if not line or not head.endswith(":") or not starts_request(head):
        return False
    return isinstance(parse(f"{head} x"), WriteFile)


def clear(text: str) -> bool:
    """Whether some phrase fits."""
    return not isinstance(parse(text), Unclear)


def parse_all(text: str) -> tuple[Action, ...]:
    """What a request asks for step by step ("…, then …")."""
    return tuple(parse(one) for step in steps(text) for one in _each(step))


def _each(step: str) -> list[str]:
    """A step that does the same to several things, or several times, as so many steps."""
    plain = bare(step)
    if found := _ENUMERATED.fullmatch(plain):
        things = cut(found["things"], _BETWEEN)
        if len(things) > 1:
            return [f"{found['verb']} {thing} {found['place']}" for thing in things]
    if (found := _REPEATED.fullmatch(plain)) and clear(found["what"]):
        return [found["what"]] * _TIMES[found["times"].lower()]
    return [step]


def steps(text: str) -> list[str]:
    """The parts that are to be done one after another; one if nothing says so.

    A "then" that begins nothing is part of what stands before it: of a text to write, mostly.
    """
    if not text.strip() or takes_text(text):
        return [text.strip()] if text.strip() else []
    found: list[str] = []
    for gap, part in split(text, _THEN, _SENTENCE, most=_MOST_PARTS):
        if found and _only_leads(found[-1] + gap):
            found[-1] = part
            continue
        held = _held(found[-1], part) if found else None
        if held is not None:
            found.append(held)
            continue
        sentence = gap.startswith(".") and not gap.strip(". \n")
        begins = clear(part) and (not sentence or starts_request(part))
        joined = f"{found[-1]}{gap}{part}" if found else ""
        if not found or begins or (not sentence and not clear(joined)):
            found.append(part)
        else:
            found[-1] = joined
    return found if any(map(clear, found)) else [text.strip()]


def at_once(text: str) -> list[str]:
    """The parts between commas and "and" where each begins a new request."""
    if takes_text(text):
        return [text]
    found: list[str] = []
    for gap, part in split(text, _AND, most=_MOST_PARTS):
        if found and _only_leads(found[-1] + gap):
            found[-1] = part
            continue
        held = _held(found[-1], part) if found else None
        if not found or held is not None or starts_request(part):
            found.append(part if held is None else held)
        else:
            found[-1] = f"{found[-1]}{gap}{part}"
    return found


def _only_leads(text: str) -> bool:
    return _LEAD.fullmatch(text.lstrip()) is not None


def _held(before: str, part: str) -> str | None:
    plain, part = bare(before), part.strip()
    for verb, rest, put in _HELD:
        if verb.match(plain) and (found := rest.fullmatch(part)):
            return put + found["rest"]
    return None
