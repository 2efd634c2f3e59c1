"""A model's tool arguments, checked against the tool's schema. Knows no tool."""

import json
from collections.abc import Mapping

from core.errors import BadRequest
from core.model.chat import ToolSpec
from core.state.operations import Json

_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
}


def parse_arguments(spec: ToolSpec, text: str) -> dict[str, Json]:
    """The call's arguments as a dict that fits the schema's names, types and required names.

    Raises BadRequest with a text that the model can act on. An absent optional argument is absent.
    """
    found = parse_object(spec, text)
    properties = _mapping(spec.parameters.get("properties"))
    required = spec.parameters.get("required")
    for name in required if isinstance(required, (list, tuple)) else ():
        if name not in found:
            raise BadRequest(f"{spec.name} needs {name!r}; {_usage(spec)}")
    for name, value in found.items():
        if name not in properties:
            raise BadRequest(f"{spec.name} has no argument {name!r}; {_usage(spec)}")
        _check(spec, name, value, _mapping(properties[name]))
    return found


def parse_object(spec: ToolSpec, text: str) -> dict[str, Json]:
    """The call's arguments as a dict, whatever is in it. Raises BadRequest likewise."""
    try:
        found = json.loads(text or "{}", parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"the arguments of {spec.name} are not valid JSON: {error}") from error
    if not isinstance(found, dict):
        raise BadRequest(f"the arguments of {spec.name} must be one JSON object; {_usage(spec)}")
    _check_text(spec, found)
    return found


def _check_text(spec: ToolSpec, found: Json) -> None:
    """Refuse what has no UTF-8: JSON's escapes can spell half a character, no store keeps one."""
    try:
        json.dumps(found, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise BadRequest(
            f"the arguments of {spec.name} have half a surrogate pair, which is no text; remove it"
        ) from None


def _check(spec: ToolSpec, name: str, value: Json, schema: Mapping[str, object]) -> None:
    wanted = schema.get("type")
    if isinstance(wanted, str):
        fits = isinstance(value, _TYPES[wanted])
        if isinstance(value, bool) and wanted in ("integer", "number"):
            fits = False
        if not fits:
            raise BadRequest(f"{spec.name}: {name!r} must be of type {wanted}, got {_shown(value)}")
    choices = schema.get("enum")
    if isinstance(choices, (list, tuple)) and value not in choices:
        listed = ", ".join(str(choice) for choice in choices)
        raise BadRequest(f"{spec.name}: {name!r} must be one of {listed}, got {_shown(value)}")
    items = _mapping(schema.get("items"))
    if isinstance(value, list) and items:
        for item in value:
            _check(spec, name, item, items)


def _refuse_constant(text: str) -> None:
    raise ValueError(f"{text} is not JSON")


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _shown(value: Json) -> str:
    text = json.dumps(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _usage(spec: ToolSpec) -> str:
    names = ", ".join(_mapping(spec.parameters.get("properties")))
    return f"its arguments are: {names or 'none'}"
