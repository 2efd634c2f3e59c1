"""What a call of `ask` comes to."""

import pytest

from core.jobs.job import Answered, Asked
from core.state.operations import Json
from core.subagents.broker_questions import MOST_QUESTIONS, put
from core.subagents.broker_tools import Done
from tests.core.subagents.scripted import call, job


def test_a_question_is_put_with_its_choices_and_without_hidden_characters() -> None:
    made = call("ask", "c1", question=" Where\u202e to?\n\x1b[31mNow? ", choices=["  a\nb", "prod"])
    assert put(job(), made, (made,)) == Asked(
        call="c1", text="Where to?\n[31mNow?", choices=("a b", "prod")
    )


def test_an_answered_question_is_told_its_answer() -> None:
    made = call("ask", "c1", question="Where to?")
    answered = job(answers=(Answered(call="c1", text="Ada says: prod"),))
    assert put(answered, made, (made,)) == Done(text="Ada says: prod", title="Where to?")


def test_of_several_questions_at_once_only_the_first_is_put() -> None:
    first, second = call("ask", "c1", question="a?"), call("ask", "c2", question="b?")
    together = (call("shell", "c0", command="x"), first, second)
    assert isinstance(put(job(), first, together), Asked)
    refused = put(job(), second, together)
    assert isinstance(refused, Done)
    assert "one question at a time" in refused.text


def test_a_job_asks_only_so_often() -> None:
    answers = tuple(Answered(call=f"a{n}", text="yes") for n in range(MOST_QUESTIONS))
    made = call("ask", "c1", question="again?")
    assert isinstance(put(job(answers=answers[1:]), made, (made,)), Asked)
    refused = put(job(answers=answers), made, (made,))
    assert isinstance(refused, Done)
    assert "the most it may; decide yourself" in refused.text


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({}, "ask needs 'question'"),
        ({"question": " \u200b\n"}, "the question is empty"),
        ({"question": "x" * 2_001}, "longer than 2000 characters"),
        ({"question": "x", "choices": "yes"}, "must be of type array"),
        ({"question": "x", "choices": ["yes", 1]}, "must be of type string"),
        ({"question": "x", "choices": ["yes", "\u200b"]}, "1 to 60 characters"),
        ({"question": "x", "choices": ["y" * 61]}, "1 to 60 characters"),
        ({"question": "x", "choices": ["yes", " yes"]}, "the same"),
        ({"question": "x", "choices": [str(n) for n in range(7)]}, "at most 6 choices"),
    ],
)
def test_a_wrong_question_is_told_what_would_be_right(
    arguments: dict[str, Json], told: str
) -> None:
    made = call("ask", "c1", **arguments)
    refused = put(job(), made, (made,))
    assert isinstance(refused, Done)
    assert refused.text.startswith("error: ")
    assert told in refused.text
