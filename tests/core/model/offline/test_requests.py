"""What people's words are understood as."""

import pytest

from core.model.offline.intents import (
    Action,
    Cancel,
    CancelOpen,
    Change,
    Chat,
    Details,
    Greeting,
    Help,
    Intent,
    LaunchText,
    LookUp,
    Run,
    RunPython,
    Show,
    ShowFile,
    Steer,
    Thanks,
    Unclear,
    Wait,
    WhyCi,
    Work,
    WriteFile,
)
from core.model.offline.requests import LONGEST, brief_actions, understand
from core.state.operations import Op
from tests.core.model.offline.evenly import grows_evenly


def work(message: str) -> Work:
    found = understand(message)
    assert isinstance(found, Work)
    return found


def items(message: str) -> list[tuple[Action, ...]]:
    return [item.actions for item in work(message).items]


@pytest.mark.parametrize(
    ("message", "action"),
    [
        ("run `ls -la`", Run(command="ls -la")),
        ("Can you please run the command `date`?", Run(command="date")),
        ("run the command: echo hi", Run(command="echo hi")),
        ("$ make test", Run(command="make test")),
        ("run this:\n```sh\necho a\necho b\n```", Run(command="echo a\necho b")),
        ("run python `print(1)`", RunPython(code="print(1)")),
        ("run this:\n```python\nprint(1)\nprint(2)\n```", RunPython(code="print(1)\nprint(2)")),
        ("wait 20 seconds", Wait(seconds=20)),
        ("please wait for 2 minutes.", Wait(seconds=120)),
        ("sleep 1.5s", Wait(seconds=1.5)),
        ("wait 999 hours", Wait(seconds=3600)),
        ("write a file notes.md: buy milk", WriteFile(path="notes.md", content="buy milk\n")),
        (
            'create a file called a/b.txt with the content "x; and then run home"',
            WriteFile(path="a/b.txt", content="x; and then run home\n"),
        ),
        (
            "write a file a.txt:\nfirst\nsecond",
            WriteFile(path="a.txt", content="first\nsecond\n"),
        ),
        ("write `hello` to a.txt", WriteFile(path="a.txt", content="hello\n")),
        ("read file a.txt", ShowFile(path="a.txt")),
        ("list the files", ShowFile(path="")),
        ("look up TimeoutError in ci-logs", LookUp(query="TimeoutError", source="ci-logs")),
        ("search ci-logs for `exit code`", LookUp(query="exit code", source="ci-logs")),
        ("What did we say about the launch?", LookUp(query="the launch")),
        ("find milk in messages", LookUp(query="milk")),
        ("set deploy.target to prod.", Change(key="deploy.target", op=Op.PUT, value="prod")),
        ("set limits to [1, 2]", Change(key="limits", op=Op.PUT, value=[1, 2])),
        ("remember that owner is Ann", Change(key="owner", op=Op.PUT, value="Ann")),
        ("add 3 to launch.count", Change(key="launch.count", op=Op.ADD, value=3)),
        ("add -2.5 to launch.count", Change(key="launch.count", op=Op.ADD, value=-2.5)),
        ("increment hits", Change(key="hits", op=Op.ADD, value=1)),
        ("add milk to shopping", Change(key="shopping", op=Op.INCLUDE, value="milk")),
        ("include ann in team", Change(key="team", op=Op.INCLUDE, value="ann")),
        ("remove ann from team", Change(key="team", op=Op.EXCLUDE, value="ann")),
        ("append we shipped to news", Change(key="news", op=Op.APPEND, value="we shipped")),
        ("delete deploy.target", Change(key="deploy.target", op=Op.DELETE)),
        ("what is deploy.target?", Show(key="deploy.target")),
        ("what is launch.*", Show(key="launch.", prefix=True)),
        ("What's in the state?", Show(key="", prefix=True)),
        ("Why did CI fail?", WhyCi()),
        ("Why did CI fail? Look at ci-logs.", WhyCi(source="ci-logs")),
        ("find out why build 17 failed in ci-logs", WhyCi(source="ci-logs", build="17")),
    ],
)
def test_a_plain_request_is_one_action(message: str, action: Action) -> None:
    assert items(message) == [(action,)]
    assert not work(message).background


@pytest.mark.parametrize(
    ("message", "intent"),
    [
        ("Hi!", Greeting()),
        ("thank you", Thanks()),
        ("What can you do?", Help()),
        ("Please stop job 3.", Cancel(job=3)),
        ("cancel 4", Cancel(job=4)),
        ("stop it", CancelOpen(every=False)),
        ("Please cancel that job!", CancelOpen(every=False)),
        ("stop everything", CancelOpen(every=True)),
        ("cancel all of the jobs", CancelOpen(every=True)),
        ("tell job 3 to use staging", Steer(job=3, message="use staging")),
        ("job 3: also run `ls`", Steer(job=3, message="also run `ls`")),
        ("how is job 2?", Details(job=2)),
        ("list jobs", Details(job=None)),
        ("What is running?", Details(job=None)),
        ("how is it going?", Details(job=None)),
        ("any news?", Details(job=None)),
        ("tell me a joke", Chat()),
        ("I like to run in the morning and then write", Chat()),
        ("", Chat()),
        ("x" * (LONGEST + 1), Chat()),
    ],
)
def test_talk_and_words_about_jobs_are_told_from_work(message: str, intent: Intent) -> None:
    assert understand(message) == intent


@pytest.mark.parametrize(
    "message",
    [
        "in the background: run `a`; wait 3 seconds; write a file x.md: hello",
        "In the background:\n- run `a`\n- wait 3 seconds\n- write a file x.md: hello",
        "do these three things: run `a`, wait 3 seconds and write a file x.md: hello",
        "1. run `a`\n2. wait 3 seconds\n3. write a file x.md: hello",
        "please do the following: 1) run `a` 2) wait 3 seconds 3) write a file x.md: hello",
        "run `a`\nwait 3 seconds\nwrite a file x.md: hello",
        "run `a`, wait 3 seconds and write a file x.md: hello",
    ],
)
def test_several_things_are_items_of_their_own(message: str) -> None:
    assert items(message) == [
        (Run(command="a"),),
        (Wait(seconds=3),),
        (WriteFile(path="x.md", content="hello\n"),),
    ]


def test_then_is_one_item_of_several_steps() -> None:
    found = items("run `make`, then wait 2 s, then write a file done.txt: yes")
    assert found == [
        (Run(command="make"), Wait(seconds=2), WriteFile(path="done.txt", content="yes\n"))
    ]


def test_what_is_quoted_is_never_cut() -> None:
    message = "run `echo a; echo b and then c, wait 3 s`; run ```\nfoo\n- bar\n```"
    assert items(message) == [
        (Run(command="echo a; echo b and then c, wait 3 s"),),
        (Run(command="foo\n- bar"),),
    ]


@pytest.mark.parametrize(
    ("message", "background"),
    [
        ("set a to 1", False),
        ("set a to 1; set b to 2", False),
        ("- set a to 1\n- set b to 2", False),
        ("in the background: set a to 1", True),
        ("look up x in y in the background", True),
        ("research competitors in the background", True),
        ("do these things:\n- research a\n- research b", True),
    ],
)
def test_background_is_what_people_say_it_is(message: str, background: bool) -> None:
    assert work(message).background is background


def test_what_no_rule_covers_is_said_to_be_unclear() -> None:
    assert items("in the background: research the market") == [
        (Unclear(words="research the market"),)
    ]


def test_launch_texts_are_one_item_a_platform() -> None:
    message = (
        "Write launch texts for Thaw on Twitter, LinkedIn, Slack and Hacker News. Thaw is a"
        " team-chat agent\nthat never freezes: heavy work runs in the background."
    )
    about = "Thaw is a team-chat agent that never freezes: heavy work runs in the background"
    assert items(message) == [
        (LaunchText(product="Thaw", platform=platform, about=about),)
        for platform in ("Twitter", "LinkedIn", "Slack", "Hacker News")
    ]


@pytest.mark.parametrize(
    "message",
    [
        "write launch texts for Thaw on Ice on X and HN",
        "run `a`; wait 3 seconds; write a file x.md: a, then b",
        "in the background: why did CI fail? Look at ci-logs.",
    ],
)
def test_a_brief_says_what_its_item_said(message: str) -> None:
    for item in work(message).items:
        assert brief_actions(item.words) == item.actions
        brief = f"{item.words}\n\n(Part 1 of 3 of a request.)"
        assert brief_actions(brief) == item.actions


@pytest.mark.parametrize(
    "piece",
    ["“", "`", '"', "```", "in ", "add x to ", "\n", "- ", "1) ", "please ", "a and run `b` "],
)
def test_a_text_made_to_be_slow_is_not(piece: str) -> None:
    text = "find " + piece * (LONGEST // len(piece))
    assert grows_evenly(text[:LONGEST])
