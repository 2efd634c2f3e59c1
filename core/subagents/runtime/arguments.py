"""What each tool takes, and the check of what a model gave. Runs nothing."""

from .reader import read

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .reader import Json

Value = str | int | float | list[str]

_MOST_SECONDS = 3600
_WORDS = {"text": "text", "seconds": "seconds, a number", "count": "a whole number"}

TAKES = {
    "shell": {"command": "text", "timeout?": "seconds"},
    "python": {"code": "text", "timeout?": "seconds"},
    "list_files": {"path?": "text"},
    "read_file": {"path": "text", "start?": "count", "lines?": "count"},
    "write_file": {"path": "text", "content": "text"},
    "edit_file": {"path": "text", "old": "text", "new": "text"},
    "finish": {"result": "text", "files?": "texts"},
}
"""The tools that run here and what each argument is; with a question mark it may be left out."""


def check(tool: str, text: str) -> dict[str, Value]:
    """Return the arguments of a call that a model wrote. Raises ValueError with words for it."""
    try:
        given = read(text or "{}")
    except ValueError as error:
        raise ValueError(f"the arguments are not JSON: {error}. {_usage(tool)}") from None
    if not isinstance(given, dict):
        raise ValueError(f"the arguments must be a JSON object. {_usage(tool)}")
    found: dict[str, Value] = {}
    for name, kind in TAKES[tool].items():
        plain = name.rstrip("?")
        value = given.pop(plain, None)
        if value is not None:
            found[plain] = _valued(tool, plain, kind, value)
        elif plain == name:
            raise ValueError(f"{name} is missing. {_usage(tool)}")
    if given:
        stray = ", ".join(ascii(name) for name in given)
        raise ValueError(f"{tool} does not take {stray}. {_usage(tool)}")
    return found


def _valued(tool: str, name: str, kind: str, value: "Json") -> Value:
    if kind == "text" and isinstance(value, str):
        return value
    if kind == "count" and type(value) is int:
        return value
    if kind == "seconds" and type(value) in (int, float):
        if isinstance(value, int | float) and 0 < value <= _MOST_SECONDS:
            return value
        raise ValueError(f"{name} must be more than 0 and at most {_MOST_SECONDS} seconds")
    if kind == "texts" and isinstance(value, list):
        texts = [item for item in value if isinstance(item, str)]
        if len(texts) == len(value):
            return texts
    wanted = {"texts": "a list of texts"}.get(kind) or _WORDS[kind]
    raise ValueError(f"{name} must be {wanted}. {_usage(tool)}")


def _usage(tool: str) -> str:
    return f"Right is {tool}({', '.join(TAKES[tool])})"
