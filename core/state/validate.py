"""Whether operations and deltas are sound, with texts that a model can act on. Changes nothing."""

from dataclasses import replace

from core.errors import BadRequest
from core.state.arguments import texts
from core.state.entries import Entry
from core.state.files import check_apart, check_file
from core.state.operations import AuthorKind, Delta, Json, Kind, Op, Operation
from core.state.rules import Rules
from core.state.values import is_number
from core.state.write import KIND_OF

LONGEST_KEY = 1000
MOST_OPERATIONS = 200_000

_HOW = {
    Kind.VALUE: "put replaces it, delete removes it",
    Kind.COUNTER: "add changes it by a number (negative to subtract), delete removes it",
    Kind.SET: "include and exclude change it, delete removes it",
    Kind.LOG: "append adds lines, delete removes it whole",
    Kind.RECORD: "patch changes fields of it (null removes one), delete removes it",
    Kind.TEXT: "text replaces it with a whole new text, delete removes it",
}


def validate(operation: Operation, entry: Entry | None, rules: Rules) -> Operation:
    """The operation as it is to be kept: a put of a string on a text is a text.

    `entry` is the key as the author sees it, with the author's own earlier operations. Raises
    BadRequest when the operation cannot be done on that.
    """
    check_key(operation.key)
    operation = rules.fitted(operation)
    if entry is not None and entry.kind is Kind.TEXT and operation.op is Op.PUT:
        operation = replace(operation, op=Op.TEXT)
    texts(operation)
    if operation.op is Op.DELETE:
        return operation
    kind, why = (entry.kind, "is") if entry else (rules.kind(operation.key), "is by a rule")
    if kind is not None and KIND_OF[operation.op] is not kind:
        raise BadRequest(
            f"`{operation.key}` {why} a {kind.value}, so {operation.op.value} cannot be used: "
            f"{_HOW.get(kind, 'delete removes it')}"
        )
    if operation.op is Op.PATCH:
        _check_fields(operation, entry, rules)
    return operation


def _check_fields(operation: Operation, entry: Entry | None, rules: Rules) -> None:
    """Raise BadRequest for a field that a rule makes a counter, set, log or text, and whose new
    value is none."""
    assert isinstance(operation.argument, dict)
    seen = entry.value if entry is not None and isinstance(entry.value, dict) else {}
    ruled = rules.fields(operation.key, operation.argument) if rules.rules else {}
    for name, ruling in ruled.items():
        value = operation.argument[name]
        if value is None or ruling.kind is None:
            continue
        field = f"the field `{operation.key}.{name}` is by a rule a {ruling.kind}"
        match ruling.kind:
            case Kind.COUNTER if not is_number(value):
                raise BadRequest(f"{field}: patch it with a number, the new sum")
            case Kind.TEXT if not isinstance(value, str):
                raise BadRequest(f"{field}: patch it with a string, the whole new text")
            case Kind.SET if not isinstance(value, list) or any(
                element is None or isinstance(element, list | dict) for element in value
            ):
                raise BadRequest(f"{field}: patch it with the list of its elements")
            case Kind.LOG if not isinstance(value, list) or not _extends(value, seen.get(name)):
                raise BadRequest(
                    f"{field}: patch it with the list of all its lines, the old ones first"
                )
            case _:
                pass


def _extends(lines: list[Json], seen: Json) -> bool:
    before = seen if isinstance(seen, list) else []
    return lines[: len(before)] == before


def check_key(key: str) -> None:
    """Raise BadRequest for a key that cannot be typed back."""
    if not key or not key.isprintable() or key != key.strip():
        raise BadRequest(
            f"the key {key[:60]!r} must be printable text without line breaks or blanks around it, "
            "such as deploy.target"
        )
    # No letter takes more than four bytes.
    if 4 * len(key) > LONGEST_KEY and len(key.encode()) > LONGEST_KEY:
        raise BadRequest(f"the key has {len(key.encode()):,} bytes, at most {LONGEST_KEY:,} fit")


def check_delta(delta: Delta, newest: int) -> None:
    """Raise BadRequest for a delta that is not sound; arguments are checked as they become rows."""
    if not 0 <= delta.base <= newest:
        raise BadRequest(f"the delta is based on commit {delta.base}, the newest is {newest}")
    if delta.author.kind is AuthorKind.JOB and not 0 < (delta.author.job or 0) < 2**62:
        raise BadRequest("the delta of a job lacks the job's number")
    count = len(delta.operations) + len(delta.files)
    if count > MOST_OPERATIONS:
        raise BadRequest(f"the delta has {count:,} changes, at most {MOST_OPERATIONS:,} are merged")
    for operation in delta.operations:
        check_key(operation.key)
    for change in delta.files:
        check_file(change)
    check_apart(delta.files)
