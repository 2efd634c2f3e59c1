"""Reads fields out of JSON that may lack them or hold something else. Knows no meaning."""

from collections.abc import Mapping

Fields = Mapping[str, object]
_NONE: Fields = {}


def number(fields: Fields, name: str) -> int | None:
    """An integer of at most 63 bits."""
    value = fields.get(name)
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # some programs that pass JSON on write all numbers so
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63:
        return value
    return None


def words(fields: Fields, name: str) -> str:
    """A text, or "" for none."""
    value = fields.get(name)
    return value if isinstance(value, str) else ""


def part(fields: Fields, name: str) -> Fields:
    """An object, or an empty one."""
    value = fields.get(name)
    return value if isinstance(value, dict) else _NONE


def parts(fields: Fields, name: str) -> list[Fields]:
    """The objects of a list."""
    value = fields.get(name)
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def yes(fields: Fields, name: str) -> bool:
    """Whether the field is true."""
    return fields.get(name) is True
