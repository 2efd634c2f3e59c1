"""Many ways of asking, each with what it comes to: parts side by side, steps in order."""

import pytest

from core.model.offline.intents import (
    Action,
    Ask,
    Change,
    Chat,
    Greeting,
    LaunchText,
    LookUp,
    Run,
    RunPython,
    Show,
    ShowFile,
    Steer,
    Tell,
    Unclear,
    Wait,
    WhyCi,
    Work,
    WriteFile,
)
from core.model.offline.requests import LONGEST, brief_actions, understand
from core.state.operations import Op
from tests.core.model.offline.evenly import grows_evenly

A, B, C = Run(command="a"), Run(command="b"), Run(command="c")
W = Wait(seconds=5)
X = WriteFile(path="x.md", content="hello\n")
SET_A, SET_B = (Change(key=key, op=Op.PUT, value=value) for key, value in (("a", 1), ("b", 2)))


def include(value: str) -> Action:
    return Change(key="shopping", op=Op.INCLUDE, value=value)


def exclude(value: str) -> Action:
    return Change(key="shopping", op=Op.EXCLUDE, value=value)


IN_ORDER: list[tuple[str, tuple[Action, ...]]] = [
    ("wait 5 seconds and then write a file x.md: hello", (W, X)),
    ("first wait 5 seconds, then write a file x.md: hello", (W, X)),
    (
        "ask me `Where to?` (staging, prod), then run `a`",
        (Ask(question="Where to?", choices=("staging", "prod")), A),
    ),
    ("run `a`, then ask me: is that right?", (A, Ask(question="is that right?"))),
    ("Could you please wait 5 s and afterwards run `a`?", (W, A)),
    ("First, run `a`. Then run `b`. Finally, run `c`.", (A, B, C)),
    ("first run `a`, and after that run `b`", (A, B)),
    ("run `a` and when that is done run `b`", (A, B)),
    ("run `a`, once it's finished wait 5 seconds", (A, W)),
    ("run `a` then `b`", (A, B)),
    ("firstly run `a`, secondly run `b`, thirdly run `c`", (A, B, C)),
    ("first: run `a`; second: run `b`", (A, B)),
    ("run `a`; then run `b`", (A, B)),
    ("run `a`, wait 5 seconds and then write a file x.md: hello", (A, W, X)),
    ("wait 5 seconds and run `a`", (W, A)),
    ("wait five seconds, run `a`", (W, A)),
    ("wait 5 seconds\nthen write a file x.md: hello", (W, X)),
    ("wait 5 seconds -> write a file x.md: hello", (W, X)),
    ("in 5 seconds, run `a`", (W, A)),
    ("after waiting 5 seconds, write a file x.md: hello", (W, X)),
    ("run `a` after 5 seconds", (W, A)),
    ("run `a` before writing a file x.md: hello", (A, X)),
    ("run `a`, run `b`, in that order", (A, B)),
    ("do these things one after another: run `a`, wait 5 seconds, run `b`", (A, W, B)),
    ("do these steps: 1) run `a` 2) run `b`", (A, B)),
    ("1) run `a` 2) then run `b` 3) run `c`", (A, B, C)),
    ("Tasks, one after another:\n1. run `a`\n2. run `b`", (A, B)),
    ("as one job: run `a` and run `b`", (A, B)),
    ("run `a` and run `b` in one job", (A, B)),
    ("kick off a job: run `a`; run `b`", (A, B)),
    ("start a job that runs `a` and then writes a file x.md: hello", (A, X)),
    ("run make and then run make test", (Run(command="make"), Run(command="make test"))),
    ("run this:\n```sh\na\nb\n```\nand then wait 5 seconds", (Run(command="a\nb"), W)),
    ("write a file x.md: hello. Then run `a`.", (X, A)),
    (
        "look up boom in logs and then write a file x.md: hello",
        (LookUp(query="boom", source="logs"), X),
    ),
    ("why did CI fail? And then wait 5 seconds", (WhyCi(), W)),
    ("set a to 1, then set b to 2", (SET_A, SET_B)),
    ("wait for 5 seconds; after that, run `a`", (W, A)),
    ("First I want you to wait 5 seconds, then I want you to run `a`", (W, A)),
    ("The steps are: first run `a`, second run `b`", (A, B)),
    ("Step 1: run `a`. Step 2: run `b`.", (A, B)),
    ("1. wait 5 seconds 2. and then write a file x.md: hello", (W, X)),
    ("FIRST WAIT 5 SECONDS, THEN RUN `a`", (W, A)),
    ("run `a`. run `b`.", (A, B)),
    ("Hello! Please wait for 5 seconds in the background, then run `a`. Thanks!", (W, A)),
    ("please run `a` as a background job and then `b`", (A, B)),
    ("wait 5 seconds and then write the text `hello` in x.md", (W, X)),
    ("wait 5 seconds and then create a file named x.md containing the word hello", (W, X)),
    ("could you run `a`? And then run `b`?", (A, B)),
    ("wait 5s & then write `hello` to x.md", (W, X)),
    ("run the script `a` then the script `b`", (A, B)),
    (
        "run python `print(1)` and then `print(2)`",
        (RunPython(code="print(1)"), RunPython(code="print(2)")),
    ),
    ("set a to 1 and then run `a`", (SET_A, A)),
    ("wait 1 second, then say hi", (Wait(seconds=1), Tell(words="hi"))),
    ("wait 1 second and run `a`", (Wait(seconds=1), A)),
    ("write a file x.md with the word hello, then read file x.md", (X, ShowFile(path="x.md"))),
    ("wait 5 seconds and write a file x.md: hello and set a to 1", (W, X, SET_A)),
    ("wait 5 seconds, then say `done`", (W, Tell(words="done"))),
    ('wait 5 seconds and then write "done"', (W, Tell(words="done"))),
    ("remind me in 5 seconds to stretch", (W, Tell(words="stretch"))),
    ("remind me to stretch in 5 seconds", (W, Tell(words="stretch"))),
    ("run `a` twice", (A, A)),
    ("run ls, then wait 5 seconds, then run ls again", (Run(command="ls"), W, Run(command="ls"))),
    ("add milk, eggs and bread to shopping", tuple(map(include, ("milk", "eggs", "bread")))),
    ("remove milk and eggs from shopping", (exclude("milk"), exclude("eggs"))),
    ("run `a`, then frobnicate the moon", (A, Unclear(words="frobnicate the moon"))),
]

SIDE_BY_SIDE: list[tuple[str, list[Action]]] = [
    ("run `a` and `b`", [A, B]),
    ("run `a`, `b`, and `c`", [A, B, C]),
    ("run `a` and also run `b`", [A, B]),
    ("run `a` & run `b`", [A, B]),
    ("run `a` and run `b` in parallel", [A, B]),
    ("in parallel: wait 5 seconds and run `a`", [W, A]),
    ("run `a` and run `b` as separate jobs", [A, B]),
    ("start two jobs: run `a` and run `b`", [A, B]),
    ("run the following in the background: run `a`; run `b`", [A, B]),
    ("In the background please:\n* run `a`\n* run `b`", [A, B]),
    ("1. run `a` 2. run `b` 3. run `c`", [A, B, C]),
    ("1) run `a`, 2) run `b`, 3) run `c`", [A, B, C]),
    ("(1) run `a` (2) run `b`", [A, B]),
    ("a) run `a` b) run `b`", [A, B]),
    ("1: run `a`\n2: run `b`", [A, B]),
    ("- run `a` - run `b` - run `c`", [A, B, C]),
    ("\u2014 run `a`\n\u2014 run `b`", [A, B]),
    ("Hi Thaw! Could you please do three things for me: run `a`, wait 5 s, and run `b`", [A, W, B]),
    ("would you mind running `a` and writing a file x.md: hello", [A, X]),
    ("set a to 1 and b to 2", [SET_A, SET_B]),
    ("I have two tasks for you: run `a` and run `b`.", [A, B]),
    ("run 3 jobs in parallel: run `a`; run `b`; wait 5 seconds", [A, B, W]),
    ("please run the following commands in the background: `a`, `b` and `c`", [A, B, C]),
    ("run these commands: `a`, `b`", [A, B]),
    ("do two things: run `a`; and separately run `b`", [A, B]),
    (
        "in the background: write launch texts for Thaw on X and HN; run `a`",
        [LaunchText(product="Thaw", platform="X"), LaunchText(product="Thaw", platform="HN"), A],
    ),
    ("write a file x.md with the content hello and run `a`", [X, A]),
    ("in the background: run `a`; in the background: run `b`", [A, B]),
    ("in the background run `a` and in the background run `b`", [A, B]),
    ("In the background: run `a`. In the background: run `b`.", [A, B]),
    ("as a job: run `a`; as a job: run `b`", [A, B]),
    ("start three jobs that each wait 5 seconds", [W, W, W]),
    ("start 2 jobs: wait 5 seconds", [W, W]),
    (
        "do three things at once: wait 1 second, wait 1 second, wait 5 seconds",
        [Wait(seconds=1), Wait(seconds=1), W],
    ),
    (
        "do three heavy things: count to ten, compute pi, and sort a list",
        [Unclear(words="count to ten"), Unclear(words="compute pi"), Unclear(words="sort a list")],
    ),
    (
        "in the background do two things: fly to the moon and run `a`",
        [Unclear(words="fly to the moon"), A],
    ),
    ("run three commands in parallel: `a`, `b`, `c`", [A, B, C]),
    ("could you do these for me? - wait 5 seconds - run `a`", [W, A]),
    (
        "in the background: fly to the moon; paint it; run `a; b`",
        [Unclear(words="fly to the moon"), Unclear(words="paint it"), Run(command="a; b")],
    ),
    ("please do these: wait 5 seconds, write a file x.md: hello, set a to 1", [W, X, SET_A]),
]

ONE: list[tuple[str, Action]] = [
    ("Hey, would you mind running `a`?", A),
    ("I'd like you to run `a`, please.", A),
    ("I need you to run `a` right now!", A),
    ("It would be great if you could run `a`.", A),
    ("If you can, please run `a`, thanks a lot!", A),
    ("thanks, now run `a`", A),
    ("Can we run the `a` command when you have time?", A),
    ("please run `a` and tell me the result", A),
    ("run make for me", Run(command="make")),
    ("wait half a minute", Wait(seconds=30)),
    ("please save `hello` to x.md", X),
    ("write hello to x.md", X),
    ("append to the log news: hello", Change(key="news", op=Op.APPEND, value="hello")),
    ("show me a", Show(key="a")),
    ("look up x in y and tell me what you find", LookUp(query="x", source="y")),
    (
        "write a file x.md: we work in the background, and then we rest",
        WriteFile(path="x.md", content="we work in the background, and then we rest\n"),
    ),
    ("what is 6*7?", RunPython(code="print(6*7)")),
    ("calculate (1 + 2) / 3", RunPython(code="print((1 + 2) / 3)")),
    ("what time is it?", Run(command="date")),
    ("ls", Run(command="ls")),
    ("ls -la ./notes", Run(command="ls -la ./notes")),
    ("ask me which colour I like", Ask(question="Which colour I like?")),
    ("set launch date to June", Change(key="launch-date", op=Op.PUT, value="June")),
    ("change the launch date to July", Change(key="launch-date", op=Op.PUT, value="July")),
    ("remember that launch date is June", Change(key="launch-date", op=Op.PUT, value="June")),
    ("remember that Bob likes tea", Change(key="notes", op=Op.APPEND, value="Bob likes tea")),
    ("make a note: buy tea", Change(key="notes", op=Op.APPEND, value="buy tea")),
    ("increase the visitor count by 5", Change(key="visitor-count", op=Op.ADD, value=5)),
    ("visits += 2", Change(key="visits", op=Op.ADD, value=2)),
    ("delete the launch date", Change(key="launch-date", op=Op.DELETE)),
    ("what's the launch date?", Show(key="launch-date")),
    ("what is on the shopping list?", Show(key="shopping")),
    ("show me our shopping list", Show(key="shopping")),
    ("what is in the notes?", Show(key="notes")),
    ("what do you know?", Show(key="", prefix=True)),
    ("what files are there?", ShowFile(path="")),
    ("show me x.md", ShowFile(path="x.md")),
    ("what is in notes/x.md?", ShowFile(path="notes/x.md")),
    ("create a file x.md", WriteFile(path="x.md", content="")),
    ("delete the file x.md", Run(command="rm -- x.md")),
    ("delete the file `a b; c`", Run(command="rm -- 'a b; c'")),
    ("grep x in y", LookUp(query="x", source="y")),
    ("search the ci logs for x", LookUp(query="x", source="ci-logs")),
    ("look for x in the CI logs", LookUp(query="x", source="ci-logs")),
    ("find x in the CI logs", LookUp(query="x", source="ci-logs")),
    ("set b 2", SET_B),
    ("a = 1", SET_A),
    ("add one to a", Change(key="a", op=Op.ADD, value=1)),
    ("put milk on the shopping list", include("milk")),
    ("take milk off my shopping list", exclude("milk")),
    ('add "milk, eggs" to shopping', include("milk, eggs")),
    ("append a line to the log a: b, c", Change(key="a", op=Op.APPEND, value="b, c")),
    (
        "remember that my favourite colour is blue",
        Change(key="favourite-colour", op=Op.PUT, value="blue"),
    ),
    (
        "write a file x.md: eat, in the background: sleep",
        WriteFile(path="x.md", content="eat, in the background: sleep\n"),
    ),
    ("write a file x.md: thanks", WriteFile(path="x.md", content="thanks\n")),
    ("run sleep 5; echo done", Run(command="sleep 5; echo done")),
    ("could you set a to 1?", SET_A),
    ("create x.md with the content hello", X),
    ("create a file called x.md with hello in it", X),
    ("make a file x.md that says hello", X),
    ("write a file x.md: hello; world", WriteFile(path="x.md", content="hello; world\n")),
    ("Can you remember that the owner is Ann?", Change(key="owner", op=Op.PUT, value="Ann")),
    (
        "write a file x.md: buy milk, then go home",
        WriteFile(path="x.md", content="buy milk, then go home\n"),
    ),
    (
        "write a file x.md: Hello world. This is nice. Then we sleep",
        WriteFile(path="x.md", content="Hello world. This is nice. Then we sleep\n"),
    ),
    (
        "write a file x.md:\n- buy milk\n- run `a`\nthen run `b`",
        WriteFile(path="x.md", content="- buy milk\n- run `a`\nthen run `b`\n"),
    ),
    (
        "write a file x.md: tests run in parallel",
        WriteFile(path="x.md", content="tests run in parallel\n"),
    ),
]

IN_THE_BACKGROUND: list[tuple[str, Action]] = [
    ("as a job: wait 5 seconds", W),
    ("as a background job: set a to 1", SET_A),
    ("In the background, could you please set a to 1?", SET_A),
    ("please set a to 1 in the background", SET_A),
    ("Could you set a to 1 in the background for me, please?", SET_A),
    ("run, in the background, `a`", A),
    ("run in the background: `a`", A),
    ("could you in the background run `a`", A),
    ("background: set a to 1", SET_A),
    ("start a background job to set a to 1", SET_A),
    ("have a job run `a`", A),
    ("run `a` in the background while we talk", A),
    ("do this in the background: set a to 1", SET_A),
    ("set a to 1, as a job", SET_A),
]


def groups(message: str) -> list[tuple[Action, ...]]:
    """The actions of each part; what a job will make of its brief is the same."""
    found = understand(message)
    assert isinstance(found, Work), found
    for item in found.items:
        assert brief_actions(item.words) == item.actions
    return [item.actions for item in found.items]


@pytest.mark.parametrize(("message", "actions"), IN_ORDER)
def test_what_comes_after_something_is_a_further_step_of_one_job(
    message: str, actions: tuple[Action, ...]
) -> None:
    assert groups(message) == [actions]


@pytest.mark.parametrize(("message", "actions"), SIDE_BY_SIDE)
def test_what_is_only_listed_goes_side_by_side(message: str, actions: list[Action]) -> None:
    assert groups(message) == [(action,) for action in actions]


@pytest.mark.parametrize(("message", "action"), ONE)
def test_one_request_is_one_however_it_is_put(message: str, action: Action) -> None:
    assert groups(message) == [(action,)]


@pytest.mark.parametrize(("message", "action"), IN_THE_BACKGROUND)
def test_who_says_background_or_job_gets_a_job(message: str, action: Action) -> None:
    assert groups(message) == [(action,)]
    found = understand(message)
    assert isinstance(found, Work)
    assert found.background


def test_the_items_of_a_list_may_have_steps() -> None:
    message = (
        "here is my list:\n- run `a`\n- run `b` and wait 5 seconds\n- write a file x.md: hello"
    )
    assert groups(message) == [(A,), (B, W), (X,)]


@pytest.mark.parametrize(
    "message",
    [
        "we will meet in 5 minutes",
        "in 5 minutes we meet",
        "we do this in the background of the office",
        "frobnicate the moon, then run `a`",
        "have a job interview tomorrow, then lunch",
        "wait a minute, that is wrong",
        "first things first",
        "set up a meeting",
        "set up the old server to be quick",
        "set the table for four to eat",
        "what is machine learning?",
        "note the difference",
        "remind me to stretch",
        "One thing: I think that we should talk.",
        "run `a`, and if it fails run `b`",
    ],
)
def test_what_only_sounds_like_a_request_is_none(message: str) -> None:
    assert understand(message) == Chat()


def test_words_to_people_and_jobs_stay_what_they_are() -> None:
    assert understand("good morning") == Greeting()
    told = Steer(job=3, message="wait 5 seconds and then run `a`")
    assert understand("tell job 3 to wait 5 seconds and then run `a`") == told


@pytest.mark.parametrize(
    "piece",
    [
        "run `a`, then ",
        "; then ",
        "\n1. a",
        "in 5 s ",
        "`a` while we ",
        ". Run `a`",
        "and tell me ",
    ],
)
def test_a_text_made_of_many_steps_is_not_slow(piece: str) -> None:
    text = "run `a` " + piece * (LONGEST // len(piece))
    assert grows_evenly(text[:LONGEST])
