"""What a server's refusals teach."""

import pytest

from core.model.dialect import MOST_LESSONS, Dialect

IN_TURNS = (
    "Unexpected role 'user' after role 'tool'",
    "Conversation roles must alternate user/assistant/user/assistant/...",
    "After the optional system message, conversation roles must alternate user and assistant …",
)


@pytest.mark.parametrize("refusal", IN_TURNS)
def test_who_wants_turns_is_known_by_its_words(refusal: str) -> None:
    assert Dialect().learn(refusal) == Dialect(alternating=True)
    assert Dialect(alternating=True).learn(refusal) is None


@pytest.mark.parametrize("refusal", ["", "bad temperature", "the role 'judge' is not known"])
def test_other_words_teach_nothing(refusal: str) -> None:
    assert Dialect().learn(refusal) is None


def test_nothing_is_learned_more_often_than_a_call_is_tried_for_it() -> None:
    dialect: Dialect | None = Dialect()
    lessons = 0
    while dialect is not None:
        dialect = dialect.learn(f"max_completion_tokens, stream_options, {IN_TURNS[0]}")
        lessons += dialect is not None
    assert lessons == MOST_LESSONS
