from core.subagents.journal_lines import LONGEST_DETAIL, step_lines
from core.subagents.journal_rows import Step, StepKind


def tool(request: str, response: str | None) -> Step:
    return Step(
        number=1, kind=StepKind.TOOL, name="shell", title="shell: ls", call="c", request=request,
        response=response, tokens=0, began_at=10.0, ended_at=12.5,
    )  # fmt: skip


def test_a_tool_s_arguments_are_shown_as_people_would_write_them() -> None:
    (line,) = step_lines([tool('{"command": "ls\\npwd", "timeout": 5}', "exit code 0")])
    assert line.detail == "command: ls\npwd\ntimeout: 5\n\nexit code 0"
    assert (line.title, line.at, line.seconds) == ("shell: ls", 10.0, 2.5)


def test_wrong_arguments_are_shown_as_they_came() -> None:
    for wrong in ("{", "[1]", "[" * 100_000):
        (line,) = step_lines([tool(wrong, None)])
        assert line.detail.startswith(wrong[:10])


def test_a_long_detail_keeps_its_head_and_its_tail() -> None:
    (line,) = step_lines([tool("", "a" * 10_000 + "the end")])
    assert len(line.detail) < LONGEST_DETAIL + 100
    assert line.detail.endswith("the end")
