"""Replies in every shape that JSON can have."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.model.chat import ChatMessage, ToolSpec, Usage
from core.model.wire import MOST_TOOLS, Assembly, message_bytes, tools_bytes

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


def shaped(**parts: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    """An object with these parts, or anything else in its place."""
    return json_values | st.fixed_dictionaries({}, optional=parts)


functions = shaped(name=json_values, arguments=json_values)
calls = st.lists(shaped(index=json_values, id=json_values, function=functions), max_size=3)
messages = shaped(content=json_values, refusal=json_values, tool_calls=json_values | calls)
choices = st.lists(shaped(delta=messages, message=messages, finish_reason=json_values), max_size=2)
chunks = st.fixed_dictionaries(
    {}, optional={"choices": json_values | choices, "usage": json_values}
)


@given(st.lists(chunks, max_size=4))
def test_whatever_a_server_sends_becomes_an_ordinary_reply(sent: list[dict[str, object]]) -> None:
    assembly = Assembly()
    pieces = [assembly.add(chunk) for chunk in sent]
    reply = assembly.reply()
    assert reply.text.startswith("".join(pieces))
    assert len({call.id for call in reply.tool_calls}) == len(reply.tool_calls)
    assert all(call.name and call.arguments for call in reply.tool_calls)
    assert reply.finish


def test_a_call_without_an_id_of_its_own_gets_one_that_every_server_takes_back() -> None:
    assembly = Assembly()
    names = [{"id": id, "function": {"name": "look"}} for id in (None, "", "x", "x")]
    assembly.add({"choices": [{"message": {"tool_calls": names}}]})
    first, second, kept, again = (call.id for call in assembly.reply().tool_calls)
    assert kept == "x"
    assert all(re.fullmatch("[a-z0-9]{9}", id) for id in (first, second, again))


def test_the_last_usage_of_a_stream_counts() -> None:
    assembly = Assembly()
    for completion in (1, 2, 3):
        usage = {"prompt_tokens": 5, "completion_tokens": completion}
        assembly.add(json.loads(json.dumps({"choices": [], "usage": usage})))
    assembly.add({"choices": [], "usage": None})
    usage_seen = assembly.reply().usage
    assert usage_seen is not None
    assert usage_seen.completion == 3


@pytest.mark.parametrize(
    ("said", "read"),
    [
        (  # what xAI sends, and Gemini: what was reasoned is in the total alone
            {"total_tokens": 135, "completion_tokens_details": {"reasoning_tokens": 94}},
            Usage(prompt=32, completion=103, reasoning=94),
        ),
        ({"total_tokens": 20}, Usage(prompt=32, completion=9)),
        ({"total_tokens": -1}, Usage(prompt=32, completion=9)),
        (  # DeepSeek
            {"prompt_cache_hit_tokens": 30, "prompt_cache_miss_tokens": 2},
            Usage(prompt=32, completion=9, cached=30),
        ),
        ({"cached_tokens": 8}, Usage(prompt=32, completion=9, cached=8)),
        (
            {"cached_tokens": 8, "prompt_tokens_details": {"cached_tokens": 4}},
            Usage(prompt=32, completion=9, cached=4),
        ),
    ],
)
def test_usage_is_read_as_the_server_means_it(said: dict[str, object], read: Usage) -> None:
    assembly = Assembly()
    assembly.add({"usage": {"prompt_tokens": 32, "completion_tokens": 9, **said}})
    assert assembly.reply().usage == read


@given(st.text(st.characters(codec="utf-8")))
def test_a_message_is_sent_as_it_was_said(text: str) -> None:
    plain = ChatMessage(role="user", text=text)
    assert json.loads(message_bytes(plain)) == {"role": "user", "content": text}
    answer = ChatMessage(role="tool", text=text, tool_call_id="c1")
    sent = {"role": "tool", "content": text, "tool_call_id": "c1"}
    assert json.loads(message_bytes(answer)) == sent


def test_half_a_letter_is_sent_as_a_question_mark() -> None:
    sent = json.loads(message_bytes(ChatMessage(role="user", text="a\ud800b")))
    assert sent["content"] == "a?b"


def named(name: str) -> tuple[ToolSpec, ...]:
    return (ToolSpec(name=name, description="d", parameters={"type": "object"}),)


def test_tools_are_written_once() -> None:
    tools = named("look")
    assert tools_bytes(tools) is tools_bytes(tools)


def test_tools_are_never_taken_for_those_that_are_gone() -> None:
    for number in range(3 * MOST_TOOLS):
        assert b'"name":"look%d"' % number in tools_bytes(named(f"look{number}"))
