"""Reading what came from the platform: fields may be missing, unknown or of another type."""

from collections.abc import Mapping, Sequence
from datetime import datetime

Payload = Mapping[str, object]

_NOTHING: Payload = {}
_EPOCH_MS = 1_420_070_400_000


def part(payload: Payload, *path: str) -> Payload:
    """The object at a path; empty when there is none."""
    found: object = payload
    for name in path:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else _NOTHING


def text(payload: Payload, name: str) -> str:
    """The string of this name; "" when there is none."""
    found = payload.get(name)
    return found if isinstance(found, str) else ""


def number(payload: Payload, name: str, default: int = -1) -> int:
    """The whole number of this name."""
    found = payload.get(name)
    return found if isinstance(found, int) and not isinstance(found, bool) else default


def truth(payload: Payload, name: str) -> bool:
    """Whether it is there and true."""
    return payload.get(name) is True


def parts(payload: Payload, name: str) -> Sequence[Payload]:
    """The objects of a list; what is no object is left out."""
    found = payload.get(name)
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []


def texts(payload: Payload, name: str) -> Sequence[str]:
    """The strings of a list."""
    found = payload.get(name)
    return [one for one in found if isinstance(one, str)] if isinstance(found, list) else []


def id_of(payload: Payload, name: str = "id") -> str:
    """A snowflake; "" when there is none."""
    found = text(payload, name)
    return found if found.isascii() and found.isdigit() and len(found) <= 20 else ""


def made_at(id: str) -> float:
    """When a snowflake was made, in Unix seconds."""
    return ((int(id) >> 22) + _EPOCH_MS) / 1000


def snowflake(seconds: float, *, since_epoch: bool = False) -> int:
    """The id of a moment in Unix seconds; without `since_epoch`, how much ids grow in so long."""
    return (int(seconds * 1000) - (_EPOCH_MS if since_epoch else 0)) << 22


def moment(stamp: str) -> float | None:
    """A time as Discord writes it, in Unix seconds."""
    try:
        return datetime.fromisoformat(stamp).timestamp()
    except (ValueError, OverflowError):
        return None


def shard_of(ready: Payload) -> tuple[int, int]:
    """Which connection of how many a READY came on."""
    match ready.get("shard"):
        case [int(number), int(count)] if 0 <= number < count:
            return number, count
        case _:
            return 0, 1


def is_on(shard: tuple[int, int], guild: str) -> bool:
    """Whether what happens in a server comes on this connection; direct messages come on the
    first."""
    number, count = shard
    return (int(guild) >> 22) % count == number if guild.isdecimal() else number == 0
