"""Commands as data."""

import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import BadRequest
from core.primary import acts
from core.primary.commands import COMMANDS, parse_command
from core.records.questions import Decision


@pytest.mark.parametrize(
    ("text", "act"),
    [
        ("/jobs", acts.ShowJobs()),
        ("  /JOBS  ", acts.ShowJobs()),
        ("/job 12", acts.ShowJob(job=12)),
        ("/job #12", acts.ShowJob(job=12)),
        ("/cancel 3", acts.StopJob(job=3)),
        ("/steer 3 use b\nplease", acts.SteerJob(job=3, text="use b\nplease")),
        ("/answer 3 to the moon", acts.AnswerJob(job=3, text="to the moon")),
        ("/allow 3", acts.DecideLeave(job=3, decision=Decision.ONCE)),
        ("/allow 3 JOB", acts.DecideLeave(job=3, decision=Decision.JOB)),
        ("/allow 3 always", acts.DecideLeave(job=3, decision=Decision.ALWAYS)),
        ("/deny 3", acts.DecideLeave(job=3, decision=Decision.NO)),
        ("/deny #3 use git", acts.DecideLeave(job=3, decision=Decision.NO, text="use git")),
        ("/approvals", acts.ShowApprovals()),
        ("/approvals withdraw 2", acts.WithdrawApproval(number=2)),
        ("/run 3", acts.RunAgain(job=3)),
        ("/state", acts.ShowState(key="")),
        ("/state deploy.", acts.ShowState(key="deploy.")),
        ("/state my key", acts.ShowState(key="my key")),
        ("/state at", acts.ShowState(key="at")),
        ("/state at 12", acts.ShowState(key="", when="12")),
        ("/state deploy.  AT last tuesday", acts.ShowState(key="deploy.", when="last tuesday")),
        ("/state a at yesterday at 9:00", acts.ShowState(key="a", when="yesterday at 9:00")),
        ("/state \"look at me\"", acts.ShowState(key="look at me")),
        ("/state \"look at me\" at 3", acts.ShowState(key="look at me", when="3")),
        ("/set deploy.target {\"a\": 1}", acts.SetKey(key="deploy.target", text='{"a": 1}')),
        ("/unset deploy.target", acts.UnsetKey(key="deploy.target")),
        ("/set \"my key\" 1 2", acts.SetKey(key="my key", text="1 2")),
        ("/set \"a\"b c", acts.SetKey(key='"a"b', text="c")),
        ("/unset \"my \\\"own\\\" key\"", acts.UnsetKey(key='my "own" key')),
        ("/unset “my key”", acts.UnsetKey(key="my key")),
        ("/pin \"my key\"", acts.PinKey(key="my key", pinned=True)),
        ("/pin a", acts.PinKey(key="a", pinned=True)),
        ("/unpin a", acts.PinKey(key="a", pinned=False)),
        ("/history", acts.ShowHistory(key=None)),
        ("/history a", acts.ShowHistory(key="a")),
        ("/history before #9", acts.ShowHistory(before=9)),
        ("/history a b before commit 9", acts.ShowHistory(key="a b", before=9)),
        ("/history \"commit 5\"", acts.ShowHistory(key="commit 5")),
        ("/history \"before 5\" before 9", acts.ShowHistory(key="before 5", before=9)),
        ("/history commit 12", acts.ShowCommit(commit=12)),
        ("/history commits", acts.ShowHistory(key="commits")),
        ("/undo 7", acts.UndoCommit(commit=7)),
        ("/conflicts", acts.ShowConflicts()),
        ("/resolve 2 1", acts.Resolve(conflict=2, choice=1)),
        ("/resolve 2 = my own", acts.Resolve(conflict=2, text="my own")),
        ("/resolve #2 both", acts.Resolve(conflict=2, choice=1, both=True)),
        ("/resolve 2 Both 3", acts.Resolve(conflict=2, choice=3, both=True)),
        ("/search a \"b c\"", acts.Find(query='a "b c"')),
        ("/budget", acts.ShowBudget()),
        ("/pause", acts.Pause(paused=True)),
        ("/resume", acts.Pause(paused=False)),
        ("/settings", acts.ShowSettings()),
        ("/settings model gpt-x", acts.ChangeSetting(name="model", text="gpt-x")),
        ("/help", acts.ShowHelp()),
        ("/thaw jobs", acts.ShowJobs()),
        ("/thaw", acts.ShowHelp()),
        ("/thaw /job 3", acts.ShowJob(job=3)),
        ("/thaw set a\n b", acts.SetKey(key="a", text="b")),
        ("jobs", acts.ShowJobs()),
        (" Stop\n", acts.StopThread()),
        ("stop #3", acts.StopJob(job=3)),
        ("cancel 3", acts.StopJob(job=3)),
        ("HELP", acts.ShowHelp()),
        ("undo 7", acts.UndoCommit(commit=7)),
    ],
)  # fmt: skip
def test_a_command_is_understood(text: str, act: acts.Act) -> None:
    assert parse_command(text) == act


@pytest.mark.parametrize(
    "text",
    [
        "hello",
        "/etc/hosts is broken",
        "/",
        "//x",
        "see /jobs",
        "/ jobs",
        "1/2",
        "stop it",
        "job",
        "undo",
        "jobs?",
        "run 3 tests",
        "cancel",
        "set a b",
        "forget me",
        "state\nof things",
    ],
)
def test_talk_is_no_command(text: str) -> None:
    assert parse_command(text) is None


@pytest.mark.parametrize(
    "text",
    ["/nonsense", "/job", "/job x", "/job -1", "/steer 3", "/set a", "/unset", "/unset a b",
     "/history commit x", '/history "a" b', '/state "a" b',
     '/set "a b"', '/unset "a b" c', '/unset "a b',
     "/resolve 1", "/resolve x 1", "/resolve 1 both x", "/resolve 1 =", '/set "" 1', '/unset ""',
     "/allow", "/allow 1 no", "/allow x", "/deny", "/approvals 2", "/approvals withdraw",
     "/search", "/jobs now", "/undo 99999999999999999999"],
)  # fmt: skip
def test_a_command_that_lacks_something_says_what(text: str) -> None:
    with pytest.raises(BadRequest, match=r"\w"):
        parse_command(text)


@pytest.mark.parametrize("text", ["/thaw " * 10_000 + "jobs", "/" + "x" * 99_999, "/thaw hello"])
def test_a_command_of_any_length_is_refused_in_a_few_words(text: str) -> None:
    with pytest.raises(BadRequest) as caught:
        parse_command(text)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("text", ["/state x" + " " * 90_000 + "y", "/history" + " before" * 20_000])
def test_a_long_command_is_read_at_once(text: str) -> None:
    before = time.thread_time()
    with suppress(BadRequest):
        parse_command(text)
    assert time.thread_time() - before < 0.5


@given(st.text(max_size=60))
def test_no_text_breaks_the_parser(text: str) -> None:
    with suppress(BadRequest):
        parse_command(f"/{text}")


def test_every_command_is_in_the_help_with_its_slash() -> None:
    for word, command in COMMANDS.items():
        assert command.usage.startswith(f"/{word}")
