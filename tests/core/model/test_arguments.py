"""What a model gives a tool, when it is no text."""

import pytest

from core.errors import BadRequest
from core.model.arguments import parse_arguments
from core.model.chat import ToolSpec

TOOL = ToolSpec(
    name="change_state",
    description="",
    parameters={"type": "object", "properties": {"key": {"type": "string"}, "value": {}}},
)


@pytest.mark.parametrize(
    "arguments",
    [
        r'{"key": "\ud800"}',
        r'{"value": {"deep": ["half \udfff"]}}',
        r'{"value": {"\ud83d": 1}}',
        r'{"\udc00": 1}',
    ],
)
def test_half_a_surrogate_pair_is_refused_before_a_store_chokes_on_it(arguments: str) -> None:
    with pytest.raises(BadRequest, match="change_state have half a surrogate pair"):
        parse_arguments(TOOL, arguments)


def test_a_whole_surrogate_pair_is_a_character() -> None:
    assert parse_arguments(TOOL, r'{"key": "\ud83d\ude00"}') == {"key": "😀"}
