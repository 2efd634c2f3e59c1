"""The ways to say each thing that the offline model can do: phrases, and what they mean. Pure."""

import json
import re
import shlex
from collections.abc import Callable

from core.model.offline.intents import (
    Action,
    Ask,
    Change,
    LookUp,
    Run,
    RunPython,
    Show,
    ShowFile,
    Tell,
    Wait,
    WhyCi,
    WriteFile,
)
from core.model.offline.spans import unquoted
from core.state.operations import Json, Op

LONGEST_WAIT_S = 3600.0

QUOTED = r"(?:`[^`]+`|\"[^\"]+\"|```.+)"
_KEY = r"(?P<key>`[^`]+`|[\w][\w.:/-]*)"
_MY = r"(?:(?:the|our|my)\s+)?"
# Two or three words that may be what something is called: "launch date".
_WORD = (
    r"(?!(?:an?|the|our|my|all|of|to|in|on|for|with|and|or|is|not|it|up|off|out|files?|jobs?|list|set"
    r"|log)\b)[\w-]+"
)
_NAMED = rf"(?P<named>{_WORD}(?:\s+{_WORD}){{1,2}})"
_SOURCE = r"(?P<source>`[^`]+`|\w(?:[\w.-]*\w)?)"
_NUMBER = r"(?P<number>[-+]?\d+(?:\.\d+)?|one|two|three|four|five|six|seven|eight|nine|ten)"
_PATH = r"(?P<path>`[^`]+`|\"[^\"]+\"|[^\s:,]+)"
_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0}
_COUNTS = {
    "half a": 0.5, "half an": 0.5, "a": 1, "an": 1, "one": 1, "two": 2, "a couple of": 2,
    "three": 3, "a few": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "fifteen": 15, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60,
}  # fmt: skip
DURATION = (
    rf"(?:\d{{1,9}}(?:\.\d{{1,9}})?\s*|(?:{'|'.join(sorted(_COUNTS, reverse=True))})\s+)"
    r"(?:s|m|h|sec(?:ond)?s?|min(?:ute)?s?|h(?:ou)?rs?)"
)
_EVERYWHERE = ("", "chat", "channel", "messages", "everything", "here")

Build = Callable[[re.Match[str]], Action]
PHRASES: list[tuple[re.Pattern[str], Build]] = []


def _says(*patterns: str) -> Callable[[Build], Build]:
    """The phrases for one thing. Those that stand first in this file are tried first."""

    def add(build: Build) -> Build:
        flags = re.IGNORECASE | re.DOTALL
        PHRASES.extend((re.compile(pattern, flags), build) for pattern in patterns)
        return build

    return add


def _ended(text: str) -> str:
    """A value without the full stop of its sentence."""
    return text.strip().removesuffix(".")


def _words(found: re.Match[str]) -> str:
    return unquoted(_ended(found["value"]))


def _key(found: re.Match[str]) -> str:
    """The key itself, or made of what people call it: "favourite colour", "shopping list"."""
    said = found.groupdict()
    if said.get("named"):
        return "-".join(said["named"].lower().split())
    return unquoted(said["key"]).rstrip(".,:;?!")


def _value(text: str) -> Json:
    """A value as people write it: JSON if it is JSON, else the words."""
    try:
        found: Json = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return unquoted(text)
    return found


def _no_constant(name: str) -> None:
    raise ValueError(name)


@_says(
    r"(?:run|execute)\s+(?:(?:this|the following)\s*:?\s*)?(?P<code>```(?:py|python3?)\s.+)",
    r"(?:run|execute)\s+(?:(?:this|a|the|some)\s+)?python3?(?:\s+(?:code|script|program))?"
    rf"\s*:?\s*(?P<code>{QUOTED}|[^\s`\"“:].*)",
)
def _python(found: re.Match[str]) -> Action:
    return RunPython(code=unquoted(found["code"]))


@_says(
    r"(?:run|execute)\s+(?:(?:this|these|a|the|following|shell)(?:\s+|(?=:)))*"
    r"(?:commands?|scripts?)?\s*:?\s*"
    rf"(?P<command>{QUOTED}|[^\s`\"“:][^`]*)"
    r"(?:(?<=[`\"])\s+(?:command|script|in\s+(?:the|a)\s+(?:shell|sandbox|workspace|terminal)))*",
    r"[$!]\s*(?P<command>.+)",
    r"(?P<command>(?:ls|pwd|date|uptime|whoami|df|du|uname)(?:\s+-[\w-]+)*(?:\s+[./~]\S*)*)",
)
def _run(found: re.Match[str]) -> Action:
    return Run(command=unquoted(_FOR_ME.sub("", found["command"])))


_FOR_ME = re.compile(r"(?<=[\w\"`])\s+(?:for\s+(?:me|us)|(?:once\s+)?again)\Z", re.IGNORECASE)


@_says(
    r"what\s+(?:time|day|date)\s+is\s+it(?:\s+now|\s+today)?|what(?:'s|\s+is)\s+the\s+(?:time|date)"
)
def _date(_: re.Match[str]) -> Action:
    return Run(command="date")


@_says(
    r"(?:calculate|compute|what(?:'s|\s+is))\s+(?!\d{4}-\d\d-\d\d)"
    r"(?P<sum>[-+(\s]*\d[\d.\s()]*(?:[-+*/%][-+*/\s(]*\d[\d.\s()]*)+)"
)
def _sum(found: re.Match[str]) -> Action:
    return RunPython(code=f"print({found['sum'].strip()})")


@_says(
    rf"(?:say|post)\s*:?\s+(?P<value>{QUOTED}|[^`\"]{{1,500}})",
    rf"(?:write|print|tell\s+(?:me|us))\s*:?\s+(?P<value>{QUOTED})",
)
def _tell(found: re.Match[str]) -> Action:
    return Tell(words=_words(found))


@_says(
    rf"ask\s+(?:me|us|them|people|somebody)?\s*:?\s*(?P<question>{QUOTED}|[^()`\"]+\?)"
    r"(?:\s*\((?P<choices>[^()]+)\))?",
)
def _ask(found: re.Match[str]) -> Action:
    """The choices stand in brackets behind the question."""
    choices = re.split(r"\s*(?:,|/|\bor\b)\s*", found["choices"] or "")
    return Ask(
        question=unquoted(found["question"].strip()),
        choices=tuple(choice.strip() for choice in choices if choice.strip()),
    )


@_says(r"ask\s+(?:me|us)\s+(?P<question>(?:what|which|whether|where|when|who|how|why)\s[^()`\"]+)")
def _ask_plainly(found: re.Match[str]) -> Action:
    question = found["question"].strip().rstrip(".!?")
    return Ask(question=f"{question[0].upper()}{question[1:]}?")


@_says(rf"(?:wait|sleep|pause)\s+(?:for\s+)?(?P<time>\d{{1,9}}(?:\.\d{{1,9}})?|{DURATION})")
def _wait(found: re.Match[str]) -> Action:
    """A time without a unit is in seconds."""
    unit = re.search(r"[a-z]*$", found["time"], re.IGNORECASE)
    count = " ".join(found["time"][: unit.start() if unit else None].lower().split())
    number = _COUNTS.get(count) or float(count)
    seconds = number * _UNITS[(unit[0] if unit else "")[:1].lower() or "s"]
    return Wait(seconds=min(seconds, LONGEST_WAIT_S))


_FILE = r"(?:write|create|make|save)\s+(?:(?:a|the|me a)\s+)?(?:new\s+)?(?:text\s+)?"
_NAMED_FILE = rf"(?:file\s+(?:called\s+|named\s+)?{_PATH}|(?P<bare>[\w./-]+\.\w+))"
_TEXT = r"(?:(?:the\s+)?(?:contents?|text|words?)\s*:?\s+)?"
_THE_FILE = r"(?:the|a)\s+(?:new\s+)?file\s+(?:called\s+|named\s+)?"


@_says(
    rf"{_FILE}{_NAMED_FILE}\s+with\s+(?P<content>.+)\s+in\s+it",
    rf"{_FILE}{_NAMED_FILE}(?:\s*:\s*|\s*,?\s+(?:with|saying|containing|(?:that|which)\s+"
    rf"(?:says|contains))\s*:?\s+{_TEXT})(?P<content>.*)",
    rf"(?:write|save|put)\s+{_TEXT}(?P<content>{QUOTED})\s+(?:in)?to\s+(?:{_THE_FILE})?{_PATH}",
    rf"(?:write|save|put)\s+{_TEXT}(?P<content>[^`\"]+)\s+(?:in)?to\s+{_THE_FILE}{_PATH}",
    rf"(?:write|save)\s+{_TEXT}(?P<content>{QUOTED}|[^`\"]+)\s+(?:in|to|into)\s+"
    r"(?P<path>[\w./-]+\.\w+)",
)
def _write(found: re.Match[str]) -> Action:
    named = found.groupdict()
    path = named["path"] or named["bare"]
    return WriteFile(path=unquoted(path), content=unquoted(found["content"]) + "\n")


@_says(
    rf"(?:write|create|make)\s+(?:me\s+)?(?:(?:a|an|the)\s+)?(?:new\s+)?(?:empty\s+)?{_NAMED_FILE}"
)
def _empty(found: re.Match[str]) -> Action:
    return WriteFile(path=unquoted(found["path"] or found["bare"]), content="")


@_says(rf"(?:delete|remove)\s+(?:the\s+)?file\s+(?:called\s+|named\s+)?{_PATH}")
def _remove_file(found: re.Match[str]) -> Action:
    return Run(command=f"rm -- {shlex.quote(unquoted(found['path']))}")


# Not "log": what ends so is a log of the state here, mostly.
_EXTENSION = r"(?:md|txt|csv|json|py|sh|html|ya?ml|toml|xml|js|css|ini|conf)"


@_says(
    r"(?:list|show)\s+(?:me\s+)?(?:all\s+)?(?:the\s+)?(?:workspace\s+)?files(?P<path>)",
    r"(?:what|which)\s+files\s+(?:are\s+(?:there|here)|do\s+(?:we|you)\s+have)(?P<path>)",
    rf"(?:read|show|open|print)\s+(?:me\s+)?(?:the\s+)?file\s+{_PATH}",
    r"(?:read|show|open|print|cat|display|what(?:'s|\s+is)(?:\s+in)?)\s+(?:me\s+)?(?:the\s+)?"
    rf"(?P<path>`[\w./-]+\.{_EXTENSION}`|[\w./-]+\.{_EXTENSION})",
)
def _show_file(found: re.Match[str]) -> Action:
    return ShowFile(path=unquoted(found["path"]))


@_says(
    r"(?:find out\s+|look into\s+|investigate\s+|explain\s+|tell me\s+)?"
    r"why\s+(?:did\s+|does\s+|is\s+|has\s+)?(?:the\s+|our\s+|my\s+)?(?:ci|build|pipeline)"
    r"(?:\s+(?:build\s+)?#?(?P<build>\d{1,9}))?(?:\s+is)?"
    r"\s+(?:fail(?:ed|s|ing)?|broken?|break|red)"
    rf"(?:(?:\s+in|\s+according\s+to|[?.!]?\s+(?:look|see|check)(?:\s+(?:at|in|into))?)"
    rf"\s+(?:the\s+)?(?:file\s+{_PATH}|{_SOURCE}))?",
)
def _why_ci(found: re.Match[str]) -> Action:
    return WhyCi(
        source=found["source"] and unquoted(found["source"]),
        build=found["build"],
        path=found["path"] and unquoted(found["path"]),
    )


@_says(
    r"(?:look\s*up|look\s+for|search\s+for|search|find|grep(?:\s+for)?)\s+(?P<query>.+?)\s+(?:in|on|within)\s+"
    rf"(?:the\s+)?(?:source\s+)?(?:{_SOURCE}|(?P<logs>\w+)\s+logs)",
    rf"search\s+(?:in\s+)?(?:the\s+)?(?:{_SOURCE}|(?P<logs>\w+)\s+logs)\s+for\s+(?P<query>.+)",
    r"(?:look\s*up|look\s+for|search\s+for|search|find|what\s+did\s+(?:we|i|you|people)\s+say\s+about)"
    r"\s+(?P<query>.+)(?P<source>)",
)
def _look_up(found: re.Match[str]) -> Action:
    """The "ci logs" are the source `ci-logs`."""
    said = found["source"]
    source = f"{found['logs'].lower()}-logs" if said is None else unquoted(said)
    query = unquoted(found["query"].rstrip(".?!"))
    return LookUp(query=query, source=None if source.lower() in _EVERYWHERE else source)


@_says(
    rf"add\s+{_NUMBER}\s+to\s+(?:the\s+)?(?:counter\s+)?{_KEY}",
    rf"(?:increase|increment)\s+(?:the\s+)?(?:counter\s+)?{_KEY}(?:\s+by\s+{_NUMBER})?",
    rf"{_KEY}\s*\+=\s*{_NUMBER}",
    rf"add\s+{_NUMBER}\s+to\s+{_MY}{_NAMED}",
    rf"(?:increase|increment)\s+{_MY}{_NAMED}(?:\s+by\s+{_NUMBER})?",
)
def _add(found: re.Match[str]) -> Action:
    said = (found["number"] or "1").lstrip("+").lower()
    number = _COUNTS[said] if said in _COUNTS else _value(said)
    return Change(key=_key(found), op=Op.ADD, value=number)


@_says(
    rf"append\s+(?P<value>.+)\s+to\s+(?:the\s+)?(?:log\s+)?{_KEY}",
    rf"add\s+(?P<value>.+)\s+to\s+(?:the\s+)?log\s+{_KEY}",
    r"(?:append|add)\s+(?:(?:a|the|this)\s+line\s+|this\s+)?to\s+(?:the\s+)?(?:log\s+)?"
    rf"{_KEY}\s*:\s*(?P<value>.+)",
)
def _append(found: re.Match[str]) -> Action:
    return Change(key=_key(found), op=Op.APPEND, value=_words(found))


_LIST = rf"(?:(?:the|my|our)\s+)?(?:(?:set|list)\s+{_KEY}|(?P<named>\w[\w.-]*)\s+(?:list|set))"


@_says(
    rf"(?:add|include|put)\s+(?P<value>.+)\s+(?:to|in|into|on|onto)\s+{_LIST}",
    rf"(?:add|include)\s+(?P<value>.+)\s+(?:to|in)\s+(?:the\s+)?{_KEY}",
)
def _include(found: re.Match[str]) -> Action:
    return Change(key=_key(found), op=Op.INCLUDE, value=_words(found))


@_says(
    rf"(?:remove|exclude|take)\s+(?P<value>.+)\s+(?:from|off)\s+{_LIST}",
    rf"(?:remove|exclude)\s+(?P<value>.+)\s+from\s+(?:the\s+)?{_KEY}",
)
def _exclude(found: re.Match[str]) -> Action:
    return Change(key=_key(found), op=Op.EXCLUDE, value=_words(found))


@_says(
    rf"set\s+(?:the\s+)?(?:key\s+|value\s+of\s+)?{_KEY}(?:\s+to\s+|\s*=\s*|:\s+)(?P<value>.+)",
    rf"change\s+{_MY}{_KEY}\s+to\s+(?P<value>.+)",
    rf"(?:set|change)\s+{_MY}{_NAMED}\s+to\s+(?P<value>.+)",
    rf"put\s+(?P<value>.+)\s+(?:in|into)\s+{_KEY}",
    rf"remember\s+(?:that\s+)?{_MY}{_KEY}\s+(?:is|=)\s+(?P<value>.+)",
    rf"remember\s+(?:that\s+)?{_NAMED}\s+is\s+(?P<value>.+)",
    r"remember\s+(?:that\s+)?(?:the|our|my)\s+(?P<named>[\w-]+(?:\s+[\w-]+){1,3}?)\s+is\s+"
    r"(?P<value>.+)",
    r"set\s+(?!(?:up|off|out|it|the|a|an|my|our|value|key)\s)"
    rf"{_KEY}\s+(?P<value>{QUOTED}|[^\s`\"]+)",
    rf"{_KEY}\s+=\s+(?P<value>{QUOTED}|[^\s`\"]+)",
)
def _put(found: re.Match[str]) -> Action:
    return Change(key=_key(found), op=Op.PUT, value=_value(_ended(found["value"])))


@_says(r"(?:remember|(?:make\s+a\s+)?note)(?:\s+that\s+|\s*:\s*)(?P<value>.+)")
def _note(found: re.Match[str]) -> Action:
    """What says of nothing what it is goes where notes are kept, in their order."""
    return Change(key="notes", op=Op.APPEND, value=_words(found))


@_says(
    rf"(?:delete|unset)\s+(?:the\s+)?(?:key\s+|value\s+of\s+)?{_KEY}",
    rf"(?:delete|unset)\s+{_MY}{_NAMED}",
)
def _delete(found: re.Match[str]) -> Action:
    return Change(key=_key(found), op=Op.DELETE)


@_says(
    r"(?:what(?:'s|\s+is)\s+in|show(?:\s+me)?|read|list)\s+(?:all\s+)?(?:the\s+)?"
    r"(?:channel'?s?\s+)?state",
    r"what\s+do\s+(?:you|we)\s+(?:know|remember)|what\s+have\s+you\s+(?:noted|remembered)",
)
def _show_all(_: re.Match[str]) -> Action:
    return Show(key="", prefix=True)


@_says(
    r"(?:what(?:'s|\s+is|\s+are)|show(?:\s+me)?|read)\s+(?:the\s+)?(?:value\s+of\s+)?"
    rf"{_KEY}(?P<star>\*)?",
    rf"(?:what(?:'s|\s+is)\s+[io]n|show(?:\s+me)?|read|list)\s+{_LIST}",
    rf"(?:what(?:'s|\s+is)\s+[io]n|show(?:\s+me)?|read)\s+(?:the|our|my)\s+{_KEY}",
    r"(?:what(?:'s|\s+is|\s+are)|show(?:\s+me)?|read)\s+(?:the|our|my)\s+(?:value\s+of\s+)?"
    rf"{_NAMED}",
)
def _show(found: re.Match[str]) -> Action:
    prefix = found.groupdict().get("star") is not None
    return Show(key=unquoted(found["key"]) if prefix else _key(found), prefix=prefix)
