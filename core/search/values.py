"""JSON values of the state as the text that is searched. Knows no keys and no database."""

from collections.abc import Iterator, Sequence
from io import BytesIO

from core.search.reading import MOST_CHARACTERS, chunks
from core.state.operations import Json
from core.state.values import dump


def pieces(value: Json) -> Sequence[tuple[int, str]]:
    """The value's text in pieces, each with the number of its first line; at least one."""
    text = "\n".join(_lines(value))
    if len(text) <= MOST_CHARACTERS and text.isprintable():
        return ((1, text),)
    data = text.encode(errors="replace")
    return [(one.line, one.text) for one in chunks(BytesIO(data), len(data))] or ((1, ""),)


def _lines(value: Json) -> Iterator[str]:
    """Text as it is; of an object "field: text" and of a list a line for each."""
    match value:
        case str():
            yield value
        case dict():
            for name, inner in value.items():
                yield from (f"{name}: {line}" for line in _lines(inner))
        case list():
            for inner in value:
                yield from _lines(inner)
        case _:
            yield dump(value)
