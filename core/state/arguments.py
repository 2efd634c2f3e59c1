"""The arguments of operations: checked, and as the JSON texts that are kept. Looks at no entry."""

from core.errors import BadRequest
from core.state.operations import Json, Op, Operation
from core.state.values import LARGEST_ADDEND, dump, is_number

LONGEST_ELEMENT = 1000
LONGEST_FIELD = 200
MOST_FIELDS = 1000


def texts(operation: Operation) -> list[str | None]:
    """One JSON text for each thing that the operation names: of a list, each element or line; of
    a patch, each field as `["name", value]`.

    Raises BadRequest with words that a model can act on.
    """
    key, argument = operation.key, operation.argument
    match operation.op:
        case Op.PUT:
            return [put_text(operation)]
        case Op.DELETE:
            return [None]
        case Op.ADD:
            return [_addend(key, argument)]
        case Op.APPEND:
            return [dump(line, f"the line for `{key}`") for line in _several(operation)]
        case Op.INCLUDE | Op.EXCLUDE:
            return [_element(operation, element) for element in _several(operation)]
        case Op.TEXT:
            return [_text(key, argument)]
        case Op.PATCH:
            return _fields(key, argument)


def put_text(operation: Operation) -> str:
    """The JSON text of the value that is put. Raises BadRequest."""
    return dump(operation.argument, f"the value for `{operation.key}`")


def _addend(key: str, argument: Json) -> str:
    if not is_number(argument):
        raise BadRequest(
            f"add needs a number between -{LARGEST_ADDEND:.0e} and {LARGEST_ADDEND:.0e} for "
            f"`{key}`, such as 1 or -2.5; for text use put or append"
        )
    return dump(argument)


def _several(operation: Operation) -> list[Json]:
    argument = operation.argument
    if argument is None or argument == []:
        raise BadRequest(
            f"{operation.op.value} needs a value for `{operation.key}`, or a list of several"
        )
    return argument if isinstance(argument, list) else [argument]


def _element(operation: Operation, element: Json) -> str:
    if isinstance(element, list | dict) or element is None:
        raise BadRequest(
            f"the elements of a set are text, numbers or booleans: {operation.op.value} one of "
            f"them for `{operation.key}`, or a list of them"
        )
    text = dump(element)
    if len(text.encode()) > LONGEST_ELEMENT:
        raise BadRequest(
            f"an element of the set `{operation.key}` has more than {LONGEST_ELEMENT:,} bytes; "
            "put long texts under keys of their own"
        )
    return text


def _text(key: str, argument: Json) -> str:
    if not isinstance(argument, str):
        raise BadRequest(f"text needs the whole new text for `{key}` as a string")
    return dump(argument, f"the text for `{key}`")


def _fields(key: str, argument: Json) -> list[str | None]:
    if not isinstance(argument, dict) or not argument:
        raise BadRequest(
            f'patch needs an object with the fields of `{key}` that change, such as {{"owner": '
            '"Ana"}; null removes a field'
        )
    if len(argument) > MOST_FIELDS:
        raise BadRequest(f"a patch of `{key}` has more than {MOST_FIELDS:,} fields; make several")
    for name in argument:
        if not name or not name.isprintable() or len(name.encode()) > LONGEST_FIELD:
            raise BadRequest(
                f"the field {name[:60]!r} of `{key}` must be printable text of at most "
                f"{LONGEST_FIELD} bytes"
            )
    return [dump([name, value], f"`{key}.{name}`") for name, value in argument.items()]
