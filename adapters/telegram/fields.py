"""Texts, keyboards and reactions as Telegram's methods take them. Pure; calls none."""

from collections.abc import Mapping

from adapters.telegram.card import Rows
from adapters.telegram.styled import Mark, Styled

Json = Mapping[str, object]
QUIET: Json = {"is_disabled": True}


def texts(styled: Styled) -> Json:
    """A text with its marks."""
    if not styled.marks:
        return {"text": styled.text}
    return {"text": styled.text, "entities": [_entity(mark) for mark in styled.marks]}


def reply(message: int | None) -> Json | None:
    """The message that is answered; one that is gone is answered all the same."""
    if message is None:
        return None
    return {"message_id": message, "allow_sending_without_reply": True}


def keyboard(rows: Rows) -> Json | None:
    """Buttons under a message."""
    if not rows:
        return None
    lines = [[{"text": label, "callback_data": data} for label, data in row] for row in rows]
    return {"inline_keyboard": lines}


def _entity(mark: Mark) -> Json:
    person = {"id": mark.person, "first_name": "?", "is_bot": False}
    fields: dict[str, object] = {
        "type": mark.kind,
        "offset": mark.start,
        "length": mark.length,
        "url": mark.url,
        "language": mark.language,
        "user": None if mark.person is None else person,
    }
    return given(fields)


def given(fields: Json) -> dict[str, object]:
    """Without the fields that have no value."""
    return {name: value for name, value in fields.items() if value is not None}
