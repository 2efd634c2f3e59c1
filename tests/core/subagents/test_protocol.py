import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.model.chat import ToolCall
from core.subagents.protocol import (
    MAX_LINE,
    MAX_REPLY,
    Answer,
    AskModel,
    Begin,
    CallTool,
    End,
    Finish,
    Frame,
    Hello,
    Proceed,
    ProtocolError,
    Refused,
    Reply,
    Result,
    Stop,
    Welcome,
    encode,
    parse,
)

FRAMES: list[tuple[dict[str, object], Frame]] = [
    ({"kind": "hello", "id": 1, "version": 1}, Hello(id=1, version=1)),
    ({"kind": "model", "id": 2}, AskModel(id=2)),
    (
        {"kind": "begin", "id": 3, "call": "c", "tool": "shell", "detail": "ls"},
        Begin(id=3, call="c", tool="shell", detail="ls"),
    ),
    ({"kind": "end", "id": 4, "call": "c", "result": "é"}, End(id=4, call="c", result="é")),
    (
        {"kind": "tool", "id": 5, "call": "c", "tool": "search", "arguments": "{"},
        CallTool(id=5, call="c", tool="search", arguments="{"),
    ),
    (
        {"kind": "finish", "id": 6, "call": None, "result": "x", "files": ["a"]},
        Finish(id=6, call=None, result="x", files=("a",)),
    ),
]


@pytest.mark.parametrize(("sent", "expected"), FRAMES)
def test_each_frame_is_read(sent: dict[str, object], expected: Frame) -> None:
    assert parse(json.dumps(sent).encode()) == expected


@pytest.mark.parametrize("sent", [frame for frame, _ in FRAMES])
def test_a_frame_with_one_field_missing_added_or_of_another_type_is_refused(
    sent: dict[str, object],
) -> None:
    wrong: list[dict[str, object]] = [{**sent, "more": 1}, {**sent, "kind": "other"}]
    for name in sent:
        without = {key: value for key, value in sent.items() if key != name}
        wrong += [without] if name != "call" or sent["kind"] != "finish" else []
        wrong += [{**sent, name: value} for value in (True, 1.5, {"a": 1}, [[1]], -1)]
    for frame in wrong:
        with pytest.raises(ProtocolError):
            parse(json.dumps(frame).encode())


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"garbage",
        b"\xff\xfe",
        b"null",
        b"[]",
        b'"hello"',
        b"{}",
        b'{"kind":["hello"],"id":1}',
        b'{"kind":"model","id":NaN}',
        b'{"kind":"model","id":1e3}',
        b'{"kind":"model","id":99999999999999999999}',
        b'{"kind":"model","id":1}{"kind":"model","id":2}',
        b"[" * 200_000,
        b'{"kind":"end","id":1,"call":"c","result":"\\ud800"}',
        b'{"kind":"finish","id":1,"call":null,"result":"","files":["\\udfff"]}',
        b'{"kind":"begin","id":1,"call":"c","tool":"' + b"x" * 300 + b'","detail":""}',
        b'{"kind":"finish","id":1,"result":"","files":[' + b'"a",' * 1000 + b'"a"]}',
        b'{"kind":"end","id":1,"call":"c","result":"' + b"x" * MAX_LINE + b'"}',
    ],
)
def test_what_is_no_frame_is_refused_in_a_short_text(line: bytes) -> None:
    with pytest.raises(ProtocolError) as raised:
        parse(line)
    assert str(raised.value).startswith("the subagent sent ")
    assert len(str(raised.value)) < 500


@given(st.binary())
def test_no_bytes_do_anything_but_parse_or_raise_the_one_error(line: bytes) -> None:
    with pytest.raises(ProtocolError):
        parse(line)


@given(
    st.dictionaries(
        st.sampled_from(["kind", "id", "call", "tool", "detail", "result", "files", "version"]),
        st.none()
        | st.integers()
        | st.text()
        | st.lists(st.text())
        | st.sampled_from(["hello", "model", "begin", "end", "tool", "finish"]),
    )
)
def test_no_fields_do_anything_but_parse_or_raise_the_one_error(fields: dict[str, object]) -> None:
    try:
        frame = parse(json.dumps(fields).encode())
    except ProtocolError:
        return
    assert frame.id == fields["id"]


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (Welcome(shell=False, reason="off"), {"shell": False, "reason": "off"}),
        (
            Answer(text="a", calls=(ToolCall(id="c", name="n", arguments="{"),)),
            {"text": "a", "calls": [{"id": "c", "name": "n", "arguments": "{"}]},
        ),
        (Stop(reason="budget"), {"stop": "budget"}),
        (Proceed(), {"ok": True}),
        (Refused(error="no"), {"error": "no"}),
        (Result(text="one\ntwo"), {"result": "one\ntwo"}),
    ],
)
def test_a_reply_is_one_line_that_names_its_frame(
    reply: Reply, expected: dict[str, object]
) -> None:
    line = encode(7, reply)
    assert line.count(b"\n") == 1
    assert json.loads(line) == {"id": 7, **expected}


def test_a_reply_that_no_runtime_would_read_is_not_written() -> None:
    with pytest.raises(ProtocolError, match="more than"):
        encode(1, Result(text="x" * MAX_REPLY))
