import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.web.wire import Look, Unreadable, Watch, channel, decode, person
from core.errors import BadRequest
from core.messages import Message, Person, Press
from core.messages.queries import (
    ListChannels,
    ReadCommit,
    ReadHistory,
    ReadJob,
    ReadMessages,
    ReadState,
)
from tests.adapters.web.fake_core import thread

SAID: dict[str, object] = {
    "type": "message",
    "id": "abcdef0123",
    "channel": "general",
    "thread": "",
    "name": "Anna",
    "text": "hello",
}
PRESSED: dict[str, object] = {
    **{name: SAID[name] for name in ("id", "channel", "thread", "name")},
    "type": "press",
    "action": "stop.3",
}


def read(fields: object) -> object:
    return decode(json.dumps(fields), 12.5)


def test_a_message_is_read_whole() -> None:
    assert read(SAID | {"thread": "root1", "reply_to": "card:3"}) == Message(
        id="abcdef0123",
        thread=thread("root1"),
        author=Person(id="local:anna", name="Anna"),
        text="hello",
        at=12.5,
        reply_to="card:3",
    )


def test_a_press_is_read_with_the_text_of_its_form() -> None:
    assert read(PRESSED | {"text": "shorter"}) == Press(
        id="abcdef0123",
        thread=thread(),
        person=Person(id="local:anna", name="Anna"),
        action="stop.3",
        at=12.5,
        text="shorter",
    )


def test_what_the_page_shows_is_read() -> None:
    watched = read({"type": "watch", "channel": "ops", "thread": "t"})
    assert watched == Watch(thread=thread("t", channel="ops"))


@pytest.mark.parametrize(
    ("fields", "query"),
    [
        ({"what": "channels"}, ListChannels(platform="web")),
        (
            {"what": "messages", "channel": "general", "after": 7},
            ReadMessages(channel=thread().channel, after=7),
        ),
        (
            {"what": "messages", "channel": "general", "thread": "", "newest": True},
            ReadMessages(channel=thread().channel, thread="", before=2**53),
        ),
        (
            {"what": "job", "channel": "general", "number": 4},
            ReadJob(channel=thread().channel, number=4),
        ),
        (
            {"what": "state", "channel": "general", "prefix": "a.", "at": 3},
            ReadState(channel=thread().channel, prefix="a.", at=3),
        ),
        (
            {"what": "state", "channel": "general", "when": "last tuesday"},
            ReadState(channel=thread().channel, when="last tuesday"),
        ),
        (
            {"what": "commit", "channel": "general", "number": 3},
            ReadCommit(channel=thread().channel, number=3),
        ),
        (
            {"what": "history", "channel": "general", "key": "a.b", "before": 9},
            ReadHistory(channel=thread().channel, key="a.b", before=9),
        ),
    ],
)
def test_a_question_is_read_into_its_query(fields: dict[str, object], query: object) -> None:
    assert read({"type": "look", "ref": 5} | fields) == Look(ref=5, query=query)  # type: ignore[arg-type]  # any of the queries


@pytest.mark.parametrize(
    "frame",
    ["", "{", "[1]", '"x"', "null", "{}", "NaN", '{"type":"look","ref":NaN}', "[" * 200_000],
)
def test_what_is_no_frame_is_unreadable_and_breaks_nothing(frame: str) -> None:
    assert isinstance(decode(frame, 0.0), Unreadable)


@pytest.mark.parametrize(
    "wrong",
    [
        {"text": 5},
        {"text": None},
        {"channel": "../../etc"},
        {"channel": ""},
        {"channel": "a" * 65},
        {"channel": ["general"]},
        {"thread": None},
        {"thread": "x" * 201},
        {"name": {}},
        {"reply_to": 7},
    ],
)
def test_a_message_with_a_wrong_field_is_refused_under_its_id(wrong: dict[str, object]) -> None:
    refused = read(SAID | wrong)
    assert isinstance(refused, Unreadable)
    assert refused.id == "abcdef0123"
    assert f"`{next(iter(wrong))}`" in refused.reason or "channel's name" in refused.reason


def test_a_frame_that_is_too_large_is_refused_under_its_id_wherever_that_stands() -> None:
    for fields in (
        SAID | {"text": "x" * 1_000_000},
        {"text": "x" * 1_000_000} | SAID | {"text": "x" * 1_000_000},
    ):
        refused = read(fields)
        assert isinstance(refused, Unreadable)
        assert refused.id == "abcdef0123"
        assert "at most 1000 kB" in refused.reason


@pytest.mark.parametrize(
    "wrong", ["", "short", "x" * 65, "a b c d e f", "id-with-é-letter", 12345678]
)
def test_an_id_that_could_not_be_a_key_is_refused(wrong: object) -> None:
    refused = read(SAID | {"id": wrong})
    assert isinstance(refused, Unreadable)
    assert refused.id is None


@pytest.mark.parametrize("wrong", ["", "é", "x" * 65, "a\nb", None])
def test_an_action_that_no_button_has_is_refused(wrong: object) -> None:
    assert isinstance(read(PRESSED | {"action": wrong}), Unreadable)


@pytest.mark.parametrize("wrong", [-1, 1.5, "3", True, 2**60, None])
def test_a_question_with_a_wrong_number_is_refused_under_its_ref(wrong: object) -> None:
    frame = {"type": "look", "ref": 8, "what": "job", "channel": "general", "number": wrong}
    refused = read(frame)
    assert isinstance(refused, Unreadable)
    assert refused.ref == 8


def test_half_a_surrogate_pair_and_nul_do_not_reach_the_core() -> None:
    said = decode(json.dumps(SAID | {"text": "a\ud800b\0c"}), 0.0)
    assert isinstance(said, Message)
    assert said.text == "a?b\ufffdc"


def test_names_that_differ_in_case_and_signs_are_one_person() -> None:
    assert person("Anna  B.").id == person("anna-b").id == "local:anna-b"


def test_a_name_of_signs_alone_is_you() -> None:
    assert person(" !? ").id == "local:you"
    assert person("").name == "you"


def test_names_of_other_scripts_stay_apart() -> None:
    assert person("अनिता").id != person("सुनीता").id
    assert person("中村").id == "local:中村"


def test_a_name_cannot_hide_control_characters() -> None:
    said = read(SAID | {"name": "An\u202ena\x07"})
    assert isinstance(said, Message)
    assert said.author.name == "Anna"


@pytest.mark.parametrize("name", ["a/b", "a b", "..", "a\0", "a.b", "\u202e", "ä" * 65])
def test_no_channel_has_such_a_name(name: str) -> None:
    with pytest.raises(BadRequest, match="1 to 64 letters"):
        channel(name)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(st.sampled_from(["message", "press", "look", "watch"]), st.data())
def test_no_fields_whatever_break_the_reading(type_: str, data: st.DataObject) -> None:
    names = ["id", "ref", "what", "channel", "thread", "name", "text", "action", "after", "number"]
    fields = data.draw(st.fixed_dictionaries({}, optional=dict.fromkeys(names, json_values)))
    frame = decode(json.dumps(fields | {"type": type_}), 0.0)
    assert isinstance(frame, Message | Press | Look | Watch | Unreadable)
