import json
import time

import pytest

from core.state.reads import Mention
from core.subagents.journal_rows import Step, StepKind
from core.subagents.mentions import commands_ran, mentions

# By its name alone: a command may have gone into its folder before.
KNOWN = ("plan.md", "docs/plan.md", "ci.log", "notes", "my notes.md", "größer.txt", "a.md", "b.md")


def step(name: str, response: str = "", kind: StepKind = StepKind.TOOL, **arguments: str) -> Step:
    return Step(
        number=1, kind=kind, name=name, title="", call="c", request=json.dumps(arguments),
        response=response, tokens=0, began_at=0.0, ended_at=None,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("one", "paths"),
    [
        (step("shell", command="cat plan.md"), ["plan.md", "docs/plan.md"]),
        (step("shell", command="cat ./docs/plan.md|wc"), ["plan.md", "docs/plan.md"]),
        (step("shell", response="ci.log:3: red\nnotes, and more."), ["ci.log", "notes"]),
        (step("shell", command='cat "my notes.md"'), ["my notes.md"]),
        (step("python", code="open('größer.txt')"), ["größer.txt"]),
        (step("shell", command="see plan.md."), ["plan.md", "docs/plan.md"]),
        (step("shell", command="ls", response="planned"), []),
        (step("read_file", path="a.md", response="see b.md"), ["a.md"]),
        (step("shell", kind=StepKind.STEERING, command="cat plan.md"), []),
    ],
)
def test_a_name_that_occurs_may_have_been_read(one: Step, paths: list[str]) -> None:
    assert [mention.path for mention in mentions([one], "", KNOWN)] == paths


def test_the_brief_counts_too() -> None:
    assert mentions([], "sum up plan.md", ["plan.md", "x"]) == (Mention(path="plan.md"),)


def test_without_commands_nothing_can_have_been_read_unseen() -> None:
    assert commands_ran([step("python")])
    assert not commands_ran([step("read_file"), step("shell", kind=StepKind.MODEL)])


def test_many_files_and_a_long_transcript_cost_little() -> None:
    steps = [step("shell", command="cat", response="lorem ipsum " * 8_000) for _ in range(20)]
    began = time.thread_time()
    assert mentions(steps, "", [f"docs/{number}.md" for number in range(10_000)]) == ()
    assert time.thread_time() - began < 1.0
