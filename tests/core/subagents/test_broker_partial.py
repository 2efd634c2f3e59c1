from core.model.chat import ChatMessage
from core.subagents.broker_partial import LONGEST, so_far
from core.subagents.transcript import Transcript
from tests.core.subagents.scripted import call


def told(*answers: tuple[str, str, dict[str, str]]) -> Transcript:
    """A transcript of answers, each with words and one call that was answered."""
    transcript = Transcript([ChatMessage(role="user", text="the brief")])
    for number, (text, tool, arguments) in enumerate(answers):
        made = call(tool, f"c{number}", **arguments)
        transcript.said(text, (made,))
        transcript.answered(made.id, "ok")
    return transcript


def test_a_job_that_did_nothing_leaves_no_word() -> None:
    assert so_far(told(), 0) == ""


def test_words_writes_and_changes_are_named() -> None:
    transcript = told(
        ("The cause is in line 7.", "shell", {"command": "ls"}),
        ("", "write_file", {"path": "a.md", "content": "x"}),
        ("", "edit_file", {"path": "a.md", "old": "x", "new": "y"}),
        ("", "change_state", {"key": "deploy.target", "operation": "put", "value": "prod"}),
    )
    assert so_far(transcript, 4) == (
        "It had made 4 steps.\n\nIt wanted to change `deploy.target`.\n\nIt had written `a.md`.\n\n"
        "Its last words:\n\nThe cause is in line 7."
    )


def test_long_words_and_many_names_are_cut() -> None:
    many = [("", "write_file", {"path": f"f{number}", "content": ""}) for number in range(30)]
    text = so_far(told(*many, ("word " * 5000, "shell", {"command": "x"})), 31)
    assert "and 10 more" in text
    assert len(text) < LONGEST + 600
    assert text.endswith("(cut here)")


def test_arguments_that_are_none_are_passed_over() -> None:
    transcript = Transcript([ChatMessage(role="user", text="the brief")])
    for number, arguments in enumerate(("[", "[]", '{"path": 7}', "{}")):
        made = call("write_file", f"c{number}")
        odd = type(made)(id=made.id, name=made.name, arguments=arguments)
        transcript.said("", (odd,))
        transcript.answered(odd.id, "error")
    assert so_far(transcript, 4) == "It had made 4 steps."
