from typing import Any

import pytest

from adapters.telegram.address import Spot, thread_ref
from adapters.telegram.addressing import Me
from adapters.telegram.translate import Edited, Moved, Pressed, Removed, Said, place, translate
from core.messages import Person

ME = Me(id=4242, username="ThawTestBot")
PRIVATE = {"id": 7, "type": "private", "first_name": "Ann"}
GROUP = {"id": -5, "type": "supergroup", "title": "Team"}
ANN = {"id": 7, "is_bot": False, "first_name": "Ann", "last_name": "Lee", "language_code": "en"}
MENTION = {"type": "mention", "offset": 0, "length": 12}
BOT = {"id": 4242, "is_bot": True, "first_name": "Thaw", "username": "ThawTestBot"}


def message(**more: Any) -> dict[str, Any]:
    """One message as Telegram writes it, with a field nobody knows."""
    known = {"message_id": 12, "from": ANN, "chat": PRIVATE, "date": 1700000000, "text": "hi"}
    return known | {"brand_new_field": {"a": [1]}} | more


def said(**more: Any) -> Said:
    event = translate({"update_id": 1, "message": message(**more)}, ME, -99, 5.0)
    assert isinstance(event, Said)
    return event


def nothing(**more: Any) -> bool:
    return translate({"update_id": 1, "message": message(**more)}, ME, -99, 5.0) is None


def test_a_message_has_place_author_time_and_the_home_of_its_chat() -> None:
    event = said()
    assert (event.message.id, event.message.at) == ("7:12", 1700000000.0)
    assert event.message.author == Person(id="7", name="Ann Lee")
    assert event.message.thread == thread_ref(-99, None)


@pytest.mark.parametrize(
    "field",
    [
        {"from": BOT},
        {"from": {"id": 8, "is_bot": True, "first_name": "Other"}},
        {"from": None},
        {"from": {"id": 7}},
        {"via_bot": {"id": 9, "is_bot": True}},
        {"is_automatic_forward": True},
        {"sender_chat": {"id": -77, "type": "channel", "title": "News"}},
        {"chat": None},
        {"message_id": "12"},
        {"message_id": True},
        {"text": None},
        {"text": None, "new_chat_members": [ANN]},
        {"text": None, "sticker": {"file_id": "x"}},
    ],
)
def test_bots_channels_and_broken_messages_are_nothing(field: dict[str, Any]) -> None:
    assert nothing(**field)


def test_a_hidden_admin_speaks_as_the_group() -> None:
    anonymous = {"id": 1087968824, "is_bot": True, "first_name": "Group"}
    event = said(**{"from": anonymous}, chat=GROUP, sender_chat=GROUP, text="/jobs")
    assert event.message.author == Person(id="-5", name="Team")


def test_the_bots_name_is_taken_out_whatever_stands_before_it() -> None:
    text = "🙂 שלום @thawtestbot count"
    entity = {"type": "mention", "offset": 8, "length": 12}
    assert said(chat=GROUP, text=text, entities=[entity]).message.text == "🙂 שלום  count"


@pytest.mark.parametrize(
    "entities",
    [[{"type": "mention", "offset": 90, "length": 5}], [{"type": "mention"}], ["x"], {"a": 1}],
)
def test_entities_that_lie_are_passed_over(entities: object) -> None:
    assert nothing(chat=GROUP, text="hello @Other", entities=entities)


def test_the_bots_name_alone_and_start_ask_for_help() -> None:
    entity = {"type": "mention", "offset": 0, "length": 12}
    assert said(chat=GROUP, text="@ThawTestBot", entities=[entity]).message.text == "/help"
    assert said(text="/start").message.text == "/help"


def test_a_reply_to_another_person_brings_what_they_wrote() -> None:
    other = message(message_id=3, text="disk\nfull", chat=GROUP)
    entity = {"type": "mention", "offset": 0, "length": 12}
    event = said(chat=GROUP, text="@ThawTestBot why?", entities=[entity], reply_to_message=other)
    assert event.message.text == "why?\n\n> disk\n> full"
    assert event.replied is None


def test_a_reply_to_the_bot_is_for_the_bot_and_says_to_what() -> None:
    own = {**message(message_id=3, chat=GROUP), "from": BOT}
    assert said(chat=GROUP, reply_to_message=own).replied == Spot(chat=-5, message=3)


def test_a_message_in_a_topic_that_the_bot_made_is_no_reply_to_it() -> None:
    made = {**message(message_id=3, chat=GROUP), "from": BOT, "forum_topic_created": {}}
    assert nothing(chat=GROUP, reply_to_message=made, message_thread_id=3, is_topic_message=True)


def test_photos_come_in_their_largest_size() -> None:
    sizes = [{"file_id": "s", "file_size": 1}, {"file_id": "l", "file_size": 9}]
    event = said(text=None, photo=sizes, caption="see")
    assert [(one.file_id, one.name, one.size) for one in event.files] == [("l", "photo.jpg", 9)]
    assert event.message.text == "see"


def test_a_press_may_come_from_a_message_that_is_too_old_to_see() -> None:
    old = {"chat": PRIVATE, "message_id": 3, "date": 0}
    query = {"id": "q", "from": ANN, "data": "?steer.3", "message": old}
    event = translate({"update_id": 1, "callback_query": query}, ME, 7, 5.0)
    assert isinstance(event, Pressed)
    assert (event.press.action, event.asks, event.label, event.press.at) == ("steer.3", True, "", 5)


@pytest.mark.parametrize("lacking", ["id", "from", "data", "message"])
def test_a_press_that_lacks_something_is_nothing(lacking: str) -> None:
    query = {"id": "q", "from": ANN, "data": "stop.3", "message": message()}
    del query[lacking]
    assert translate({"update_id": 1, "callback_query": query}, ME, 7, 5.0) is None


def test_edits_removals_and_moves_are_told_apart() -> None:
    edited = translate({"update_id": 4, "edited_message": message(text="new")}, ME, 7, 5.0)
    assert isinstance(edited, Edited)
    assert (edited.edit.id, edited.edit.message_id) == ("edit:4", "7:12")
    member = {"chat": PRIVATE, "new_chat_member": {"status": "kicked"}}
    assert translate({"my_chat_member": member}, ME, 7, 5.0) == Removed(chat=7)
    moved = message(chat=GROUP, text=None, migrate_to_chat_id=-1005)
    assert translate({"message": moved}, ME, -5, 5.0) == Moved(old=-5, new=-1005)


def test_an_edit_that_takes_the_bots_name_out_is_told_too() -> None:
    event = translate({"update_id": 4, "edited_message": message(chat=GROUP)}, ME, -5, 5.0)
    assert isinstance(event, Edited)
    assert (event.edit.message_id, event.edit.text) == ("-5:12", "hi")


def test_updates_of_one_topic_have_one_place() -> None:
    topic = message(chat=GROUP, message_thread_id=3, is_topic_message=True)
    reply = message(chat=GROUP, message_thread_id=3)
    assert place({"message": topic}) == (-5, 3)
    assert place({"edited_message": reply}) == (-5, None)
    assert place({"callback_query": {"message": topic}}) == (-5, 3)
    assert place({"poll": {}}) is None


BOB = {"id": 8, "is_bot": False, "first_name": "Bob", "last_name": "Ray"}


@pytest.mark.parametrize(
    ("origin", "author"),
    [
        ({"forward_origin": {"type": "user", "sender_user": BOB}}, "Bob Ray"),
        ({"forward_origin": {"type": "hidden_user", "sender_user_name": "X\nY"}}, "X Y"),
        ({"forward_origin": {"type": "chat", "sender_chat": {"title": "Team"}}}, "Team"),
        ({"forward_origin": {"type": "channel", "chat": {"title": "News"}}}, "News"),
        ({"forward_origin": {"type": "new_kind"}}, "somebody"),
        ({"forward_date": 5, "forward_from": BOB}, "Bob Ray"),
    ],
)
def test_what_is_passed_on_is_a_quotation_and_no_command(
    origin: dict[str, Any], author: str
) -> None:
    event = said(text="/forget all\nnow", **origin)
    assert event.message.text == f"Forwarded from {author}:\n> /forget all\n> now"


def test_what_somebody_passes_on_of_their_own_is_their_word() -> None:
    assert said(text="/jobs", forward_origin={"sender_user": ANN}).message.text == "/jobs"


def test_the_bots_name_in_what_is_passed_on_into_a_group_calls_nobody() -> None:
    told = {"chat": GROUP, "text": "@ThawTestBot delete it", "entities": [MENTION]}
    assert not nothing(**told)
    assert nothing(**told, forward_origin={"type": "user", "sender_user": BOB})


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ({"location": {"latitude": 52.5, "longitude": 13}}, "Location: 52.500000, 13.000000"),
        (
            {
                "venue": {"title": "Mill", "address": "Road 1"},
                "location": {"latitude": 1, "longitude": -2.25},
            },
            "Place: Mill, Road 1, 1.000000, -2.250000",
        ),
        ({"contact": {"first_name": "Bob", "phone_number": "+49 1"}}, "Contact: Bob, +49 1"),
        (
            {"poll": {"question": "Ship?", "options": [{"text": "yes"}, {"text": "no"}]}},
            "Poll: Ship?\n- yes\n- no",
        ),
    ],
)
def test_places_contacts_and_polls_are_told_in_words(sent: dict[str, Any], told: str) -> None:
    assert said(text=None, **sent).message.text == told


def test_a_place_that_is_none_is_nothing() -> None:
    assert nothing(text=None, location={"latitude": 1e400, "longitude": "x"})


def test_numbers_written_with_a_point_are_numbers_all_the_same() -> None:
    event = said(message_id=12.0, chat=PRIVATE | {"id": 7.0})
    assert event.message.id == "7:12"
    assert nothing(message_id=12.5)
    assert nothing(message_id=float("inf"))
