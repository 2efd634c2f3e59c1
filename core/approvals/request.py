"""A tool call as people are asked about it: all of it, and visible. Pure; decides nothing."""

import json
import unicodedata
from collections.abc import Mapping

from core.errors import BadRequest
from core.legible import named
from core.state.operations import Json

LONGEST = 20_000
"""Characters of a request that people can be asked about: all of it is posted, the end of a
long one in a file."""
_MAIN = {"shell": "command", "python": "code", "fetch": "url"}


def shown(tool: str, arguments: Mapping[str, Json]) -> str:
    """What is to be done, whole. Raises BadRequest for what is too long to be asked about."""
    main = _MAIN.get(tool, "")
    rest = {name: value for name, value in arguments.items() if name != main}
    parts = [str(arguments[main])] if main in arguments else []
    if rest or not parts:
        parts.append(json.dumps(rest, ensure_ascii=False, indent=1))
    text = visible("\n".join(parts))
    if len(text) > LONGEST:
        raise BadRequest(
            f"this needs a person's word, and they can only be asked about {LONGEST:,} characters;"
            " do it in smaller steps"
        )
    return text


def visible(text: str) -> str:
    """The text with every letter written out that cannot be seen, or moves others about."""
    return "".join(one if one == "\n" or one.isprintable() else named(one) for one in text)


def foreign(text: str) -> tuple[str, ...]:
    """The names of letters that may look like others, a few of them."""
    found = dict.fromkeys(one for one in text if not one.isascii() and one.isprintable())
    return tuple(f"{one} is {unicodedata.name(one, named(one))}" for one in list(found)[:8])
