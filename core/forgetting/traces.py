"""By what one recognises that a text tells something which is to be forgotten. Pure."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

FORGOTTEN = "(forgotten)"
"""What stands where something was."""

LONG = 8
"""Texts of so many characters are recognised by themselves, shorter ones beside their key only:
`true` and `3` are everywhere."""
_MOST = 500
_CUT = 48
_MARKS = str.maketrans("", "", "«»")


def unmarked(text: str) -> str:
    """The text without the marks that answers to a search put around what was found."""
    return text.translate(_MARKS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Traces:
    """Keys that are to be forgotten and texts that were their values. `prefix`: each key stands
    for all that begin with it."""

    keys: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    prefix: str | None = None

    def in_text(self, text: str) -> bool:
        """Whether the text quotes a value, also with what was searched for marked in it."""
        plain = unmarked(text)
        named = any(key in text or key in plain for key in self.keys)
        return any(one in text or one in plain for one in self.texts if named or len(one) >= LONG)

    def in_line(self, line: str) -> bool:
        """Whether a line of a receipt is about one of the keys, or quotes a value."""
        return any(f"`{key}`" in line for key in self.keys) or self.in_text(line)

    def hints(self) -> tuple[str, ...]:
        """What stands in every text, or its JSON, that tells of it: to pass over the others."""
        long = [text for text in self.texts if len(text) >= LONG]
        return tuple({form for text in (*self.keys, *long) for form in (text, _escaped(text))})

    def covers(self, key: str) -> bool:
        """Whether the key is to be forgotten."""
        return key in self.keys or (self.prefix is not None and key.startswith(self.prefix))

    def needles(self) -> tuple[bytes, ...]:
        """The long texts as they may stand in a file, also as JSON within JSON."""
        found: dict[bytes, None] = {}
        for text in self.texts:
            if len(text) >= LONG:
                for once in (text, _escaped(text), _escaped(text, ascii_=True)):
                    for form in (once, _escaped(once), _escaped(once, ascii_=True)):
                        found[form.encode()] = None
        return tuple(found)


def _escaped(text: str, *, ascii_: bool = False) -> str:
    return json.dumps(text, ensure_ascii=ascii_)[1:-1]


def texts_of(values: Iterable[object]) -> tuple[str, ...]:
    """What of JSON values could be quoted: texts, their lines, numbers; not too many."""
    found: dict[str, None] = {}
    waiting = list(values)
    while waiting and len(found) < _MOST:
        value = waiting.pop()
        match value:
            case str():
                found |= dict.fromkeys([value, *_lines(value), *_starts(value)])
            case bool() | None:
                found[json.dumps(value)] = None
            case int() | float():
                found[json.dumps(value)] = None
            case list():
                waiting.extend(value)
            case dict():
                waiting.extend(value.values())
            case _:
                raise AssertionError(f"{type(value)} is not JSON")
    return tuple(text for text in found if text.strip())


def _lines(text: str) -> list[str]:
    lines = [line.strip() for line in text.splitlines()]
    return [line for line in lines if len(line) > LONG] if len(lines) > 1 else []


def _starts(text: str) -> list[str]:
    """How long texts begin: receipts and questions cut them."""
    return [text[:_CUT], _escaped(text)[:_CUT]] if len(text) > _CUT else []


def dump(traces: Traces) -> str:
    """Traces as JSON text."""
    return json.dumps([traces.keys, traces.texts, traces.prefix])


def undump(text: str) -> Traces:
    """The traces that `dump` wrote."""
    keys, texts, prefix = json.loads(text)
    return Traces(keys=tuple(keys), texts=tuple(texts), prefix=prefix)
