"""Presses as data."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import BadRequest
from core.primary import acts
from core.primary.presses import parse_press
from core.records.questions import Decision


@pytest.mark.parametrize(
    ("action", "act"),
    [
        ("stop.3", acts.StopJob(job=3)),
        ("details.3", acts.ShowJob(job=3)),
        ("again.3", acts.RunAgain(job=3)),
        ("undo.9", acts.UndoCommit(commit=9)),
        ("pick.1.2.3", acts.Resolve(conflict=1, revision=2, choice=3)),
        ("allow.1.2.1", acts.DecideLeave(job=1, question=2, decision=Decision.ONCE)),
        ("allow.1.2.2", acts.DecideLeave(job=1, question=2, decision=Decision.JOB)),
        ("allow.1.2.3", acts.DecideLeave(job=1, question=2, decision=Decision.ALWAYS)),
        ("deny.1.2", acts.DecideLeave(job=1, question=2, decision=Decision.NO)),
        ("both.1.2.3", acts.Resolve(conflict=1, revision=2, choice=3, both=True)),
        ("take.4.2", acts.TakeLost(commit=4, line=2)),
        ("forget.5", acts.ConfirmForget(number=5)),
        ("withdraw.6", acts.WithdrawApproval(number=6)),
        ("start.7", acts.DecidePlan(plan=7, start=True)),
        ("drop.7", acts.DecidePlan(plan=7, start=False)),
        ("stop.thread", acts.StopThread()),
    ],
)
def test_a_press_is_understood(action: str, act: acts.Act) -> None:
    assert parse_press(action, None) == act


def test_a_form_needs_its_words() -> None:
    assert parse_press("steer.3", " go ") == acts.SteerJob(job=3, text="go")
    with pytest.raises(BadRequest):
        parse_press("steer.3", "  ")
    assert parse_press("answer.3.1.2", None) == acts.AnswerJob(job=3, question=1, choice=2)
    own = acts.AnswerJob(job=3, question=1, text="go")
    assert parse_press("answer.3.1", " go ") == own
    with pytest.raises(BadRequest):
        parse_press("edit.1.1", None)
    assert parse_press("edit.1.2", " v ") == acts.Resolve(conflict=1, revision=2, text="v")
    no = acts.DecideLeave(job=1, question=2, decision=Decision.NO, text="why")
    assert parse_press("refuse.1.2", " why ") == no
    with pytest.raises(BadRequest):
        parse_press("refuse.1.2", " ")


@pytest.mark.parametrize("action", ["allow.1.2.0", "allow.1.2.4", "allow.1.2", "deny.1", "allow"])
def test_no_button_of_ours_says_this(action: str) -> None:
    with pytest.raises(BadRequest, match="none of mine"):
        parse_press(action, None)


@given(st.text(max_size=40), st.none() | st.text(max_size=10))
def test_a_forged_press_is_refused_or_understood_but_never_breaks(
    action: str, text: str | None
) -> None:
    with suppress(BadRequest):
        parse_press(action, text)
