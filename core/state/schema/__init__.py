"""The tables of a channel's file, as numbered migrations. No queries."""

from functools import cache
from importlib.resources import files

# "ThwC": marks the file as one of ours (SQLite header, bytes 68-71).
CHANNEL_APPLICATION_ID = 0x54687743
CONTROL_APPLICATION_ID = 0x54687758  # "ThwX"


def _script(*names: str) -> str:
    return "\n".join((files(__name__) / f"{name}.sql").read_text() for name in names)


@cache
def channel_migrations() -> tuple[str, ...]:
    """SQL scripts; the n-th brings version n-1 to version n."""
    return (_script("conversation", "state", "search"),)


@cache
def control_migrations() -> tuple[str, ...]:
    """The same for control.db: the index of channels, and the budget's tables."""
    return (_script("control", "budget"),)
