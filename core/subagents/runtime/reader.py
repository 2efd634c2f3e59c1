"""Reads JSON text with the C scanner alone: importing `json` would cost more than all the rest."""

from _json import make_scanner

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


def _no_constant(name: str) -> Json:
    raise ValueError(f"{name} is not JSON")


class _Rules:
    """What the scanner wants to know, under the names it looks for."""

    strict = False
    object_hook = None
    object_pairs_hook = None
    parse_float = float
    parse_int = int
    parse_constant = staticmethod(_no_constant)
    memo: dict[str, str] = {}  # noqa: RUF012 - the pure Python scanner clears it after each use


# The stub wants json's own context class, which only `json` has; the scanner wants the names.
_scan: "Callable[[str, int], tuple[Json, int]]" = make_scanner(_Rules())  # type: ignore[arg-type]


def read(text: str) -> Json:
    """Read the one JSON value that is all of `text`. Raises ValueError with words for a model."""
    text = text.strip(" \t\r\n")
    try:
        value, end = _scan(text, 0)
    except (StopIteration, SystemError):
        return _diagnosed(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if end != len(text):
        raise ValueError(f"there is more text after its end, at character {end}")
    return value


def _diagnosed(text: str) -> Json:
    """Have `json` say what is wrong: the scanner has its words from there, if it is loaded."""
    import json  # noqa: PLC0415 - only who makes mistakes pays for it

    value: Json = json.loads(text, strict=False, parse_constant=_no_constant)
    return value
