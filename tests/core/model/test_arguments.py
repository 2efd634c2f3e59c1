"""What a model gives a tool, when it is no text."""

import json
import re

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


JOB = ToolSpec(
    name="start_job",
    description="",
    parameters={
        "type": "object",
        "properties": {
            "title": {"type": "string"},
            "budget": {"type": "integer"},
            "share": {"type": "number"},
            "kind": {"type": "string", "enum": ["quick", "slow"]},
            "files": {"type": "array", "items": {"type": "string"}},
        },
        "required": ["title"],
    },
)


@pytest.mark.parametrize(
    "arguments",
    [
        '{"title": "a"}',
        '{"title": "a", "budget": 3, "share": 0.5, "kind": "slow", "files": ["b", "c"]}',
        '{"title": "a", "share": 1, "files": []}',
    ],
)
def test_what_fits_is_taken_as_it_is(arguments: str) -> None:
    assert parse_arguments(JOB, arguments) == json.loads(arguments)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ("", "start_job needs 'title'; its arguments are: title, budget, share, kind, files"),
        ('{"title": "a", "x": 1}', "start_job has no argument 'x'; its arguments are: title"),
        ('["a"]', "the arguments of start_job must be one JSON object; its arguments are: title"),
        ('{"title": "a"', "the arguments of start_job are not valid JSON"),
        ('{"title": "a", "share": NaN}', "NaN is not JSON"),
        ('{"title": 1}', "start_job: 'title' must be of type string, got 1"),
        ('{"title": "a", "budget": "3"}', "'budget' must be of type integer, got \"3\""),
        ('{"title": "a", "budget": true}', "'budget' must be of type integer, got true"),
        ('{"title": "a", "budget": 0.5}', "'budget' must be of type integer, got 0.5"),
        ('{"title": "a", "share": false}', "'share' must be of type number, got false"),
        ('{"title": "a", "kind": "lazy"}', "'kind' must be one of quick, slow, got \"lazy\""),
        ('{"title": "a", "files": "b"}', "'files' must be of type array, got \"b\""),
        ('{"title": "a", "files": ["b", 1]}', "'files' must be of type string, got 1"),
    ],
)
def test_what_does_not_fit_is_refused_by_name_with_what_would(arguments: str, says: str) -> None:
    with pytest.raises(BadRequest, match=re.escape(says)):
        parse_arguments(JOB, arguments)
