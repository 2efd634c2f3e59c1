"""Bounds really bound, and come close once a server has said how many tokens a prompt was."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from core.model.bounds import MOST_WORKS, Bounds
from core.model.chat import ChatMessage, ModelRequest, ToolCall, ToolSpec, Usage
from core.model.dialect import Dialect
from core.model.wire import encode
from tests.core.model.chats import TOOL, asking

texts = st.text(max_size=40)
calls = st.builds(ToolCall, id=texts, name=texts, arguments=texts)
messages = st.builds(
    ChatMessage,
    role=st.just("assistant"),
    text=texts,
    tool_calls=st.lists(calls, max_size=2).map(tuple),
    tool_call_id=st.none() | texts,
)


def bound_of(bounds: Bounds, work: str, request: ModelRequest) -> int:
    return bounds.measure(work, request).bound


def report(bounds: Bounds, work: str, request: ModelRequest, usage: Usage) -> None:
    """The server says what a request of the work was."""
    bounds.reported(work, bounds.measure(work, request), usage)


@given(st.lists(messages, max_size=5))
def test_a_first_call_is_bound_by_the_bytes_that_are_sent(given: list[ChatMessage]) -> None:
    request = replace(asking(most=70), messages=tuple(given))
    assert bound_of(Bounds(), "job:1", request) >= len(encode(request, Dialect(), stream=True)) + 70


def test_every_word_that_is_sent_counts() -> None:
    call = ToolCall(id="i" * 500, name="n" * 500, arguments='"\\' * 500)
    tool = ToolSpec(name="t" * 500, description="d" * 500, parameters={"p" * 500: "q" * 500})
    said = ChatMessage(role="assistant", text="ü" * 500, tool_calls=(call,), tool_call_id="r" * 500)
    request = replace(asking(tools=[tool], model="m" * 500), messages=(said,))
    assert (
        bound_of(Bounds(), "job:1", request) >= len(encode(request, Dialect(), stream=True)) + 100
    )


def test_the_line_that_some_servers_are_sent_behind_a_result_counts() -> None:
    result = ChatMessage(role="tool", text="seen", tool_call_id="c")
    said = (result, ChatMessage(role="user", text="and go on")) * 100
    request = replace(asking(most=70), messages=said)
    sent = encode(request, Dialect(alternating=True), stream=True)
    assert bound_of(Bounds(), "job:1", request) >= len(sent) + 70


def test_after_a_report_only_what_was_added_counts_by_its_bytes() -> None:
    bounds = Bounds()
    first = asking("x" * 10_000, most=100)
    report(bounds, "job:1", first, Usage(prompt=2500, completion=10))
    added = (*first.messages, ChatMessage(role="tool", text="y" * 300, tool_call_id="c"))
    bound = bound_of(bounds, "job:1", replace(first, messages=added))
    assert 2500 + 300 + 100 <= bound <= 2500 + 300 + 100 + 80


def test_a_report_counts_for_its_own_work_only() -> None:
    bounds = Bounds()
    request = asking("x" * 10_000)
    report(bounds, "job:1", request, Usage(prompt=2500, completion=10))
    assert bound_of(bounds, "job:2", request) > 10_000


def test_a_changed_message_counts_again_with_all_that_follows() -> None:
    bounds = Bounds()
    first = asking("a" * 1000, "b" * 1000, "c" * 1000)
    report(bounds, "job:1", first, Usage(prompt=700, completion=1))
    other = asking("a" * 1000, "B" * 1000, "c" * 1000)
    assert bound_of(bounds, "job:1", other) >= 700 + 2000


def test_another_model_or_other_tools_make_the_report_void() -> None:
    bounds = Bounds()
    first = asking("x" * 10_000)
    report(bounds, "job:1", first, Usage(prompt=1, completion=1))
    assert bound_of(bounds, "job:1", replace(first, model="big")) > 10_000
    assert bound_of(bounds, "job:1", replace(first, tools=(TOOL,))) > 10_000


def test_a_report_above_the_bytes_does_not_raise_the_bound() -> None:
    bounds = Bounds()
    request = asking("x" * 100)
    before = bound_of(bounds, "job:1", request)
    report(bounds, "job:1", request, Usage(prompt=10**6, completion=1))
    assert bound_of(bounds, "job:1", request) == before


def test_what_is_remembered_does_not_grow_with_the_number_of_works() -> None:
    bounds = Bounds()
    request = asking("x" * 10_000)
    for number in range(MOST_WORKS + 1):
        report(bounds, f"job:{number}", request, Usage(prompt=1, completion=1))
    assert bound_of(bounds, "job:0", request) > 10_000
    assert bound_of(bounds, "job:1", request) < 10_000
