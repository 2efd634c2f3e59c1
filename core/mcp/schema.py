"""What a server says of its tools, rebuilt from what models take. Pure; trusts nothing in it."""

import json
import re
import unicodedata

from core.fencing import unmarked
from core.state.operations import Json

LONGEST_DESCRIPTION = 1000
LARGEST_SCHEMA = 6000
"""Characters of a tool's whole schema, as JSON: it is sent with every call of a model."""
_LONGEST_HINT = 300
_LONGEST_CHOICE = 100
_MOST_NODES = 300
_MOST_PROPERTIES = 50
_MOST_CHOICES = 50
_MOST_WAYS = 8
_DEEPEST = 8
_TYPES = frozenset({"string", "integer", "number", "boolean", "array", "object", "null"})
_ARGUMENT = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_REF = re.compile(r"#/(?:\$defs|definitions)/([^/]+)")
# Categories that show nothing: controls, formats (bidi, tags that spell words), halves, private.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})


class Unfit(Exception):
    """A tool that no model can be offered; the text goes on from the tool's name."""


def words(text: object, longest: int = LONGEST_DESCRIPTION) -> str:
    """Text of a server as a model may be shown it: seen by people too, on one line, of a length."""
    if not isinstance(text, str):
        return ""
    # Cut first: what is behind costs nothing then, however long.
    seen = (" " if c in "\n\r\t" else c for c in text[: 4 * longest])
    line = " ".join("".join(c for c in seen if unicodedata.category(c) not in _UNSEEN).split())
    return unmarked(line if len(line) <= longest else line[: longest - 1] + "…")


def rebuilt(schema: object) -> dict[str, Json]:
    """The schema of a tool's arguments with what every model server understands. Raises Unfit."""
    if not isinstance(schema, dict):
        raise Unfit("describes no arguments")
    made = _Rebuilding(schema).node(schema, 0)
    made["type"] = "object"
    made.setdefault("properties", {})
    if len(json.dumps(made)) > LARGEST_SCHEMA:
        raise Unfit(f"needs more than {LARGEST_SCHEMA} characters to describe its arguments")
    return made


class _Rebuilding:
    """One schema's; counts its parts, because references can make many of few."""

    def __init__(self, root: dict[str, object]) -> None:
        self._left = _MOST_NODES
        self._shared: dict[str, object] = {}
        for place in ("$defs", "definitions"):
            found = root.get(place)
            self._shared |= found if isinstance(found, dict) else {}

    def node(self, schema: object, depth: int) -> dict[str, Json]:
        self._left -= 1
        if self._left < 0:
            raise Unfit(f"describes its arguments in more than {_MOST_NODES} parts")
        if not isinstance(schema, dict) or depth > _DEEPEST:
            return {}
        ref = schema.get("$ref")
        if isinstance(ref, str):
            named = _REF.fullmatch(ref)
            return self.node(self._shared.get(named[1]) if named else None, depth + 1)
        made: dict[str, Json] = {}
        kind = _kind(schema)
        if kind:
            made["type"] = kind
        if hint := words(schema.get("description"), _LONGEST_HINT):
            made["description"] = hint
        if choices := _choices(schema.get("enum")):
            made["enum"] = choices
        if kind == "array":
            made["items"] = self.node(schema.get("items"), depth + 1)
        if kind == "object":
            made |= self._object(schema, depth)
        ways = schema.get("anyOf", schema.get("oneOf"))
        if not kind and isinstance(ways, list) and ways:
            made["anyOf"] = [self.node(way, depth + 1) for way in ways[:_MOST_WAYS]]
        return made

    def _object(self, schema: dict[str, object], depth: int) -> dict[str, Json]:
        properties = schema.get("properties")
        given = properties if isinstance(properties, dict) else {}
        if len(given) > _MOST_PROPERTIES:
            raise Unfit(f"takes more than {_MOST_PROPERTIES} arguments")
        required = [name for name in _names(schema.get("required")) if name in given]
        sound = [name for name in given if _ARGUMENT.fullmatch(name)]
        if not set(required) <= set(sound):
            raise Unfit("needs an argument whose name no model can write")
        made: dict[str, Json] = {
            "properties": {name: self.node(given[name], depth + 1) for name in sound}
        }
        if required:
            made["required"] = list(dict.fromkeys(required))
        return made


def _kind(schema: dict[str, object]) -> str:
    """The one type of a schema: of several the first that says something."""
    given = schema.get("type")
    several = given if isinstance(given, list) else [given]
    known = [one for one in several if isinstance(one, str) and one in _TYPES]
    said = [one for one in known if one != "null"] or known
    if not said and isinstance(schema.get("properties"), dict):
        return "object"
    return said[0] if said else ""


def _choices(given: object) -> list[Json]:
    if not isinstance(given, list) or not 0 < len(given) <= _MOST_CHOICES:
        return []
    if any(not isinstance(one, str | int | float | None) for one in given):
        return []
    if any(isinstance(one, str) and words(one, _LONGEST_CHOICE) != one for one in given):
        return []  # one that cannot be shown as it is cannot be chosen either
    return list(given)


def _names(given: object) -> list[str]:
    return [one for one in given if isinstance(one, str)] if isinstance(given, list) else []
