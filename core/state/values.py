"""JSON values as the state keeps them: text, bounded and exact. Knows no kinds and no keys."""

import json
from decimal import Context, Decimal, Inexact, InvalidOperation, Overflow

from core.errors import BadRequest
from core.state.operations import Json

# One call of the C encoder holds the interpreter; a value of this size holds it for some 5 ms.
LARGEST_VALUE = 1_000_000
LARGEST_ADDEND = 10**30
DEEPEST = 100
# Every sum of addends (30 digits before the point, at most 340 after it) is exact with this many.
_EXACT = Context(prec=1000, traps=[Inexact, InvalidOperation, Overflow])
_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def dump(value: Json, what: str = "the value") -> str:
    """`value` as compact JSON text, in the order given. Raises BadRequest for what JSON has not."""
    try:
        text = _ENCODER.encode(value)
        size = len(text) if text.isascii() else len(text.encode())
        if (
            size > DEEPEST
            and text.count("[") + text.count("{") > DEEPEST
            and _depth(value) > DEEPEST
        ):
            raise RecursionError
    except UnicodeEncodeError:
        raise BadRequest(f"{what} has half a surrogate pair, which is no text; remove it") from None
    except RecursionError:
        raise BadRequest(
            f"{what} is nested deeper than {DEEPEST} levels; make it flatter"
        ) from None
    except (TypeError, ValueError):
        raise BadRequest(
            f"{what} must be JSON: text, finite numbers of fewer than 4,000 digits, true, false, "
            "null, lists, and objects with text keys"
        ) from None
    if size > LARGEST_VALUE:
        raise BadRequest(
            f"{what} has {size:,} bytes, at most {LARGEST_VALUE:,} are kept under one key: "
            "put it into a file of the workspace instead"
        )
    return text


def _depth(value: Json) -> int:
    """How many lists and objects are inside each other; 0 for a plain value."""
    depth, level = 0, [value]
    while level := [one for one in level if isinstance(one, list | dict)]:
        depth += 1
        level = [x for one in level for x in (one if isinstance(one, list) else one.values())]
    return depth


def load(text: str) -> Json:
    """The value that `dump` wrote."""
    value: Json = json.loads(text)
    return value


def same(one: str | None, other: str | None) -> bool:
    """Whether two JSON texts say the same. The order of an object's fields says nothing."""
    if one == other:
        return True
    # The same fields in another order make a text of the same length.
    if one is None or other is None or len(one) != len(other) or "{" not in one:
        return False
    # And of the same bytes, which takes a tenth of the time to see.
    if sum(one.encode()) != sum(other.encode()):
        return False
    return json.dumps(load(one), sort_keys=True) == json.dumps(load(other), sort_keys=True)


def is_number(value: Json) -> bool:
    """True for an integer or a finite float within the bounds of a counter."""
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and -LARGEST_ADDEND <= value <= LARGEST_ADDEND
    )


def plus(total: str | None, addend: str) -> str:
    """The sum as text. Exact, so that the order of additions cannot show."""
    if total is None:
        total = "0"
    if _whole(total) and _whole(addend):
        return str(int(total) + int(addend))
    result = _EXACT.add(Decimal(total), Decimal(addend))
    whole = result.to_integral_value()
    return format(whole if whole == result else result.normalize(_EXACT), "f")


def minus(total: str | None, seen: str | None) -> str:
    """The difference as text, as exact as the sum."""
    negated = "0" if seen is None else seen.removeprefix("-") if seen[0] == "-" else f"-{seen}"
    return plus(total, negated)


def number(total: str) -> int | float:
    """A sum as JSON has it: an integer if it is one."""
    return int(total) if _whole(total) else float(total)


def _whole(text: str) -> bool:
    return text.lstrip("-").isdecimal()


def parse(text: str) -> Json:
    """What a person typed: JSON if it is that and would be shown the same, else the text itself.

    "1.10" or "007" stay text, since as numbers they would come back as something else.
    """
    try:
        value: Json = json.loads(text, parse_constant=_no_constant)
        if isinstance(value, int | float) and json.dumps(value) != text.strip():
            return text
    except (ValueError, RecursionError):
        return text
    return value


def _no_constant(name: str) -> Json:
    raise ValueError(name)
