import pytest

from adapters.telegram.address import thread_ref
from adapters.telegram.card import card_text, elapsed, keyboard
from core.messages import Button
from tests.adapters.telegram.fakes import card
from tests.emulators.telegram.checks import check_entities, check_text, notified

PLACE = thread_ref(7, None)


def test_a_card_says_job_state_time_tokens_and_step() -> None:
    said = card_text(card(PLACE, started_at=100.0), 163.0)
    assert said.text == "Job 3 · Count 3\n⏳ running · 1 min 3 s · 1,200 tokens · 2 steps\nreading"
    priced = card_text(card(PLACE, started_at=100.0, cost=41_000_000), 163.0)
    assert "1,200 tokens · $0.041 · 2 steps" in priced.text


def test_a_card_with_hostile_words_fits_and_notifies_nobody() -> None:
    hostile = card(PLACE, title="@all 🙂\n" * 500, step="\u202e@bob " * 2000, state="odd")
    said = card_text(hostile, 5.0)
    entities = [
        {"type": mark.kind, "offset": mark.start, "length": mark.length} for mark in said.marks
    ]
    check_text(said.text)
    check_entities(said.text, entities)
    assert notified(said.text, entities) == set()


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-5, "0 s"), (59.9, "59 s"), (60, "1 min 0 s"), (3599, "59 min 59 s"), (7500, "2 h 5 min")],
)
def test_elapsed_time_is_in_words(seconds: float, words: str) -> None:
    assert elapsed(seconds) == words


def test_buttons_fit_telegrams_64_bytes_or_are_left_out() -> None:
    rows = keyboard(
        [
            Button(action="a" * 64, label="whole"),
            Button(action="a" * 65, label="too long"),
            Button(action="a" * 64, label="too long with its form", asks="What?"),
            Button(action="edit.1.2", label="Edit", asks="What?"),
        ]
    )
    assert rows == ((("whole", "a" * 64), ("Edit", "?edit.1.2")),)
