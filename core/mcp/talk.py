"""What the bot and the process that talks to a server say to each other: JSON lines. No pipe."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from core.mcp.server import Listing, Server, Tool

MOST_BYTES = 1 << 22
"""Of a line: what a server sends is cut long before that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """The server has been greeted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """There is no server any more; `why` goes on from its name, and is partly its own words."""

    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """The answer to request `id`: a text. `failed`: it says what went wrong."""

    id: int
    text: str
    failed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Has:
    """The answer to request `id`: what the server has."""

    id: int
    listing: Listing


Word = Ready | Ended | Said | Has


def opening(server: Server, marks: Mapping[str, str]) -> bytes:
    """The first line to the process: all that it needs to know, secrets included. `marks` are in a
    command's environment beside its own."""
    return _line(
        {
            "command": server.command,
            "url": server.url,
            "folder": str(server.folder) if server.folder else None,
            "environment": {**server.environment, **marks},
            "token": server.token,
            "tools": server.tools,
            "timeout_s": server.timeout_s,
            "result_chars": server.result_chars,
        }
    )


def asking(id: int, what: object) -> bytes:
    """A line to the process: what to do under which number."""
    return _line({"id": id, "do": what})


def telling(word: Word) -> bytes:
    """A line of the process."""
    return _line({"kind": type(word).__name__, **asdict(word)})


class Unheard(ValueError):
    """A line that is no Word."""


def heard(line: bytes) -> Word:
    """A line of the process as it was meant. Raises Unheard for anything else."""
    try:
        given = json.loads(line)
        match given.pop("kind"):
            case "Ready":
                return Ready(**given)
            case "Ended":
                return Ended(**given)
            case "Said":
                return Said(**given)
            case "Has":
                return Has(id=given["id"], listing=_listing(given["listing"]))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise Unheard("no word of the process") from error
    raise Unheard("no word of the process")


def _listing(given: dict[str, object]) -> Listing:
    tools, left, count = given["tools"], given["left"], given["count"]
    if not isinstance(tools, list) or not isinstance(left, list) or not isinstance(count, int):
        raise ValueError("no listing")
    return Listing(tools=tuple(Tool(**one) for one in tools), count=count, left=tuple(left))


def _line(value: object) -> bytes:
    return json.dumps(value).encode() + b"\n"
