from core.model.chat import ModelReply, ToolCall
from core.subagents.broker_asking import LONGEST_ARGUMENTS, LONGEST_TEXT, sound


def reply(*calls: ToolCall, text: str = "") -> ModelReply:
    return ModelReply(text=text, tool_calls=calls, usage=None, finish="stop")


def named(id: str, name: str = "shell", arguments: str = "{}") -> ToolCall:
    return ToolCall(id=id, name=name, arguments=arguments)


def test_a_sound_answer_is_kept_as_it_is() -> None:
    said = reply(named("call_1"), named("call_2"), text="hello")
    assert sound(said, lambda id: False) == (said, "")


def test_ids_that_are_empty_strange_or_used_are_replaced_by_new_ones() -> None:
    said = reply(named(""), named("a"), named("a"), named("old"), named("x" * 500), named("\n"))
    kept, _ = sound(said, lambda id: id in {"old", "call00001"})
    ids = [call.id for call in kept.tool_calls]
    assert ids == ["call00002", "a", "call00003", "call00004", "call00005", "call00006"]


def test_names_are_made_such_that_servers_take_them_back() -> None:
    kept, _ = sound(
        reply(named("a", "rm -rf!"), named("b", ""), named("c", "n" * 99)), lambda _: False
    )
    assert [call.name for call in kept.tool_calls] == ["rm_-rf_", "unnamed", "n" * 64]


def test_too_long_texts_are_cut_and_too_long_arguments_not_taken() -> None:
    half = "x" * (LONGEST_ARGUMENTS // 2)
    said = reply(named("a", arguments=half), named("b", arguments=half + "x"), text="y" * 10**6)
    kept, _ = sound(said, lambda _: False)
    assert kept.tool_calls[0].arguments == half
    assert kept.tool_calls[1].arguments == f"({len(half) + 1} characters, too many)"
    assert len(kept.text) == LONGEST_TEXT


def test_texts_that_cannot_be_encoded_are_made_such_that_they_can() -> None:
    kept, _ = sound(reply(named("b", arguments="\ud800"), text="\udfff"), lambda _: False)
    assert (kept.tool_calls[0].arguments, kept.text) == ("?", "?")
