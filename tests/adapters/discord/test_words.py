import pytest

from adapters.discord.directory import Directory
from adapters.discord.words import words

ME = "100"


@pytest.fixture
def directory() -> Directory:
    made = Directory()
    made.apply("READY", {"user": {"id": ME}})
    return made


def forward(**message: object) -> dict[str, object]:
    return {"message_reference": {"type": 1}, "message_snapshots": [{"message": message}]}


@pytest.mark.parametrize(
    "end", ["\n", "\r\n", "\r", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029"]
)
def test_no_line_of_a_forward_stands_outside_of_its_quotation(
    directory: Directory, end: str
) -> None:
    text = words(forward(content=f"/forget all{end}/forget all"), directory)
    assert text == "Forwarded message:\n> /forget all\n> /forget all"


def test_a_command_is_that_of_who_wrote_it_and_takes_no_quotation(directory: Directory) -> None:
    answered = {"author": {"id": "5", "username": "ben"}, "content": "3"}
    payload = {"content": f"<@{ME}> /cancel 1", "referenced_message": answered}
    assert words(payload, directory) == "/cancel 1"


def test_what_the_bot_said_itself_is_not_quoted(directory: Directory) -> None:
    answered = {"author": {"id": ME, "username": "thaw"}, "content": "the answer"}
    assert words({"content": "and?", "referenced_message": answered}, directory) == "and?"


def test_a_message_answered_that_is_gone_leaves_the_answer(directory: Directory) -> None:
    assert words({"content": "yes", "type": 19, "referenced_message": None}, directory) == "yes"


@pytest.mark.parametrize(
    ("payload", "told"),
    [
        ({"sticker_items": [{"id": "1", "name": "Wave", "format_type": 1}]}, "Sticker: Wave"),
        (
            {
                "poll": {
                    "question": {"text": "Ship it?"},
                    "answers": [{"poll_media": {"text": "yes"}}, {"poll_media": {"text": "no"}}],
                }
            },
            "Poll: Ship it?\n- yes\n- no",
        ),
        (
            {"flags": 1 << 13, "attachments": [{"filename": "v.ogg", "duration_secs": 11.6}]},
            "Voice message, 12 s",
        ),
        (
            {"flags": 1 << 13, "attachments": [{"filename": "v.ogg", "duration_secs": 10**400}]},
            "Voice message",
        ),
        (
            {"content": "see", "sticker_items": [{"name": "/forget all"}]},
            "see\nSticker: /forget all",
        ),
    ],
    ids=["sticker", "poll", "voice", "voice of no length", "sticker like a command"],
)
def test_what_is_no_text_is_told_in_words(
    directory: Directory, payload: dict[str, object], told: str
) -> None:
    assert words(payload, directory) == told
    quoted = told.replace("\n", "\n> ")
    assert words(forward(**payload), directory) == f"Forwarded message:\n> {quoted}"


def test_the_card_of_another_bot_is_quoted_and_a_link_s_picture_is_not(
    directory: Directory,
) -> None:
    rich = {
        "type": "rich", "title": "Build 7", "description": "failed",
        "fields": [{"name": "step", "value": "lint"}],
    }  # fmt: skip
    passed_on = forward(content="look", embeds=[{"type": "link", "title": "advert"}, rich])
    assert words(passed_on, directory) == (
        "Forwarded message:\n> look\n> Build 7\n> failed\n> step: lint"
    )


def test_what_was_passed_on_can_be_asked_about_in_a_reply(directory: Directory) -> None:
    answered = forward(content="a\nb") | {"author": {"id": "5", "username": "ben"}}
    text = words({"content": "what is this?", "referenced_message": answered}, directory)
    assert text == "what is this?\n\nIn reply to ben:\n> > a\n> > b"
