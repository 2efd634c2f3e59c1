from core.model.chat import ChatMessage, ModelReply, ToolCall
from core.records import codec
from core.subagents.broker_resume import CUT_OFF, NOT_RUN, take_up
from core.subagents.journal_rows import Frozen, Past, Step, StepKind
from core.subagents.protocol import Answer

OPENING = (ChatMessage(role="user", text="the brief"),)


def step(number: int, kind: StepKind, response: str | None, call: str | None = None) -> Step:
    return Step(
        number=number, kind=kind, name="", title="", call=call, request="", response=response,
        tokens=0, began_at=0.0, ended_at=None,
    )  # fmt: skip


def model(number: int, *ids: str, text: str = "") -> Step:
    calls = tuple(ToolCall(id=id, name="shell", arguments="{}") for id in ids)
    reply = ModelReply(text=text, tool_calls=calls, usage=None, finish="stop")
    return step(number, StepKind.MODEL, codec.reply.dump_json(reply).decode())


def past(*steps: Step, frozen: Frozen | None = None) -> Past:
    return Past(steps=steps, operations=(), told=0, frozen=frozen, outcome=None, notes=())


def test_a_first_attempt_has_only_its_opening() -> None:
    taken = take_up(past(), OPENING, ())
    assert taken.transcript.messages() == OPENING
    assert (taken.answers, taken.cut_off, taken.again, taken.told) == (0, {}, None, "")


def test_calls_that_were_never_begun_are_handed_out_again() -> None:
    done = step(2, StepKind.TOOL, "1", "a")
    taken = take_up(past(model(1, "a", "b"), done), OPENING, ())
    assert taken.again == Answer(text="", calls=(ToolCall(id="b", name="shell", arguments="{}"),))
    taken.transcript.answered("b", "2")
    assert [m.role for m in taken.transcript.messages()[-3:]] == ["tool", "tool", "user"]


def test_a_call_that_was_cut_off_is_told_so_and_those_after_it_are_not_run() -> None:
    cut = step(2, StepKind.TOOL, None, "a")
    taken = take_up(past(model(1, "a", "b"), cut), OPENING, ())
    assert taken.cut_off == {"a": CUT_OFF, "b": NOT_RUN}
    assert taken.again is None


def test_a_model_call_that_was_cut_off_is_made_again() -> None:
    taken = take_up(past(step(1, StepKind.MODEL, None)), OPENING, ())
    assert (taken.again, taken.answers) == (None, 0)
    assert taken.transcript.messages() == OPENING


def test_a_plain_answer_is_given_again_so_that_it_can_end_the_job() -> None:
    taken = take_up(past(model(1, text="42")), OPENING, ("moved",))
    assert taken.again == Answer(text="42", calls=())
    assert taken.told == ""


def test_a_finish_whose_exit_was_not_seen_is_to_be_earned_again() -> None:
    finish = step(2, StepKind.TOOL, "accepted", "a")
    frozen = Frozen(step=2, result="x", files=())
    taken = take_up(past(model(1, "a"), finish, frozen=frozen), OPENING, ())
    assert taken.again is not None
    assert [call.id for call in taken.again.calls] == ["a"]


def test_only_so_many_moved_files_are_named() -> None:
    done = step(2, StepKind.TOOL, "1", "a")
    taken = take_up(past(model(1, "a"), done), OPENING, [f"f{n}" for n in range(30)])
    assert "f19 and 10 more." in taken.told
    assert "f20" not in taken.told
