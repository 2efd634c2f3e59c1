"""Fields of what Slack sends, each of which may be missing or of another type. Pure."""

import re
from collections.abc import Mapping

from adapters.slack.events import Json

_TS = re.compile(r"[0-9]{1,12}\.[0-9]{1,9}")


def map_of(source: object, name: str) -> Json:
    """An object, {} without it."""
    value = source.get(name) if isinstance(source, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def maps_of(source: object, name: str) -> list[Json]:
    """The objects of a list, [] without it."""
    value = source.get(name) if isinstance(source, Mapping) else None
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def text_of(source: object, name: str) -> str:
    """A text, "" without it."""
    value = source.get(name) if isinstance(source, Mapping) else None
    return value if isinstance(value, str) else ""


def ts_of(source: object, name: str) -> str | None:
    """A message's timestamp, by which Slack names it; None without it."""
    value = text_of(source, name)
    return value if is_ts(value) else None


def is_ts(value: str) -> bool:
    """Whether it names a message."""
    return _TS.fullmatch(value) is not None
