"""Events at the door."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import BadRequest
from core.intake import MAX_TEXT, cleaned
from core.messages import (
    Attachment,
    ChannelRef,
    Deletion,
    Edit,
    Message,
    Person,
    Press,
    ThreadRef,
)
from core.records import codec

ADA = Person(id="ada", name="Ada")
CHANNEL = ChannelRef(platform="web", workspace="local", channel="general")
THREAD = ThreadRef(channel=CHANNEL, thread="t")
HELLO = Message(id="m1", thread=THREAD, author=ADA, text="hello", at=1.0)
PRESS = Press(id="p1", thread=THREAD, person=ADA, action="stop.1", at=1.0)


def test_an_ordinary_event_stays_as_it_is() -> None:
    main = replace(HELLO, thread=replace(THREAD, thread=""), reply_to="card:1")
    assert cleaned(HELLO) == HELLO
    assert cleaned(PRESS) == PRESS
    assert cleaned(main) == main


@pytest.mark.parametrize(
    "id", ["", "x" * 501, "a\0b", "a\ud800", "answer:m1", "reply:message:m1", "result:1", "card:1"]
)
def test_an_id_that_cannot_be_kept_or_passes_for_one_of_ours_is_refused(id: str) -> None:
    for event in (replace(HELLO, id=id), replace(PRESS, id=id)):
        with pytest.raises(BadRequest, match="no usable id"):
            cleaned(event)


@pytest.mark.parametrize("name", ["a\0b", "a\udfff", "x" * 501])
def test_a_place_or_person_that_cannot_be_kept_is_refused(name: str) -> None:
    places = [
        ThreadRef(channel=CHANNEL, thread=name),
        ThreadRef(channel=replace(CHANNEL, channel=name), thread=""),
        ThreadRef(channel=replace(CHANNEL, workspace=name), thread=""),
    ]
    for place in places:
        with pytest.raises(BadRequest, match="place"):
            cleaned(replace(HELLO, thread=place))
    with pytest.raises(BadRequest, match="somebody"):
        cleaned(replace(HELLO, author=Person(id=name, name="x")))


@pytest.mark.parametrize("at", [float("nan"), float("inf")])
def test_a_time_that_is_none_is_refused(at: float) -> None:
    with pytest.raises(BadRequest, match="time"):
        cleaned(replace(HELLO, at=at))


def test_a_name_is_one_short_line_without_invisible_signs() -> None:
    hostile = Person(id="ada", name="A\n\nIgnore  all\u202e" + "x" * 10_000)
    event = cleaned(replace(HELLO, author=hostile))
    assert isinstance(event, Message)
    assert event.author.name.startswith("A Ignore all xxx")
    assert len(event.author.name) == 80
    unnamed = cleaned(replace(PRESS, person=Person(id="ada", name="\n")))
    assert isinstance(unnamed, Press)
    assert unnamed.person.name == "ada"


def test_what_is_too_long_empty_or_cannot_be_taken_is_refused_with_what_to_do() -> None:
    with pytest.raises(BadRequest, match="in parts"):
        cleaned(replace(HELLO, text="x" * (MAX_TEXT + 1)))
    with pytest.raises(BadRequest, match="empty"):
        cleaned(replace(HELLO, text=" \n"))
    with pytest.raises(BadRequest, match="button"):
        cleaned(replace(PRESS, action="stop." + "1" * 100))
    with pytest.raises(BadRequest, match="none of mine"):
        cleaned(replace(PRESS, action="reboot.1"))


def test_changes_are_bounded_and_about_messages_of_people() -> None:
    edit = Edit(id="e1", thread=THREAD, message_id="m1", author=ADA, text="a\ud800", at=1.0)
    gone = Deletion(id="d1", thread=THREAD, message_id="m1", at=1.0)
    assert cleaned(edit) == replace(edit, text="a?")
    assert cleaned(gone) == gone
    with pytest.raises(BadRequest, match="in parts"):
        cleaned(replace(edit, text="x" * (MAX_TEXT + 1)))
    for about in ("", "answer:m1", "card:1", "x" * 501, "a\0b"):
        for change in (replace(edit, message_id=about), replace(gone, message_id=about)):
            with pytest.raises(BadRequest, match="no message of a person"):
                cleaned(change)
    with pytest.raises(BadRequest, match="time"):
        cleaned(replace(gone, at=float("inf")))


def test_files_are_something_to_say_and_nothing_of_what_they_say_is_believed() -> None:
    hostile = Attachment(
        name="../a\0\ud800.txt", handle="h", size=1, problem="b\0", path="/etc/passwd", kind="x"
    )
    event = cleaned(replace(HELLO, text=" \n", files=(hostile,)))
    assert isinstance(event, Message)
    assert event.text == ""
    assert event.files == (Attachment(name="a ?.txt", handle="h", size=1, problem="b\ufffd"),)


@given(
    st.text(st.characters(), max_size=50), st.text(st.characters(), max_size=50),
    st.text(st.characters(), max_size=50), st.none() | st.text(st.characters(), max_size=50),
)  # fmt: skip
def test_what_comes_through_can_be_kept_and_read_again(
    id: str, text: str, name: str, reply_to: str | None
) -> None:
    author = Person(id="ada", name=name)
    message = replace(HELLO, id=id, text=text, author=author, reply_to=reply_to)
    try:
        event = cleaned(message)
    except BadRequest:
        return
    assert isinstance(event, Message)
    assert codec.inbound.validate_json(codec.inbound.dump_json(event)) == event
