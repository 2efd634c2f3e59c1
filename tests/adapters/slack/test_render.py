import json
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.slack import render
from adapters.slack.render import Part, Upload
from core.messages import Button, Post, PostKind
from tests.adapters.slack.fake_core import ANNA, card, place, post
from tests.emulators.slack.blocks import check_message

HERE = place("1.1")
PIECES = st.sampled_from(
    ["word ", "\n", "\n\n", "```\n", "~~~", "| a | b |\n", "|---|---|\n", "- item\n", "> q\n",
     "<!here>", "<@U0BEN>", "[l](https://x.y)", "**b**", "😀", "\u200d", "\u202e", '"', "\\", "|",
     "# h\n", "x" * 3_000, "\x00", "\ud800", "1. a\n", "   "]
)  # fmt: skip


def parts(made: Post) -> list[Part]:
    return [part for part in render.post(made) if isinstance(part, Part)]


def check(part: Part) -> None:
    check_message(part.text, json.loads(json.dumps(part.blocks)))


@given(st.lists(PIECES, max_size=60).map("".join), st.booleans())
def test_slack_takes_whatever_is_written(text: str, single: bool) -> None:
    buttons = tuple(Button(action=f"take.1.{n}", label="x" * 90) for n in range(30))
    made = post(HERE, text, mention=ANNA, receipt=(text[:400],), buttons=buttons, single=single)
    for part in render.post(made):
        if isinstance(part, Part):
            check(part)
            assert "<!here>" not in json.dumps([b for b in part.blocks if b["type"] == "markdown"])


@given(st.lists(PIECES, max_size=40).map("".join))
def test_slack_takes_it_plain_as_well(text: str) -> None:
    for part in render.plain_parts(post(HERE, text, receipt=("a",) * 900)):
        check(part)


def test_a_small_table_is_slacks_own_and_the_second_in_a_message_is_code() -> None:
    table = "| a | b |\n|---|---|\n| **x** | [y](https://z) |"
    [part] = parts(post(HERE, f"{table}\n\ntext\n\n{table}"))
    check(part)
    assert [block["type"] for block in part.blocks] == ["table", "markdown"]
    assert part.blocks[0]["rows"][1][1]["text"] == "y (https://z)"
    assert "```" in part.blocks[1]["text"]


def test_no_part_of_a_message_spells_a_mention_but_of_who_asked() -> None:
    evil = "<!channel> <@U0BEN>"
    table = f"| a |\n|---|\n| {evil} |"
    made = parts(
        post(
            HERE,
            f"{evil}\n\n{table}",
            receipt=(evil,),
            drift=(evil,),
            mention=ANNA,
            buttons=(Button(action="take.1", label=f"Take {evil}"),),
        )
    )
    shown = json.dumps([part.blocks for part in made], ensure_ascii=False)
    assert re.findall("<[@!][^>]+>", shown) == ["<@U0ANNA>"]
    for part in (render.card(card(HERE, title=evil, step=evil), 0.0), *made):
        assert "<@U0BEN>" not in json.dumps(part.blocks, ensure_ascii=False) + part.text


def test_a_large_table_is_code_in_columns() -> None:
    rows = "\n".join(f"| {n} | {'x' * 20} |" for n in range(400))
    made = parts(post(HERE, f"| n | x |\n|---|---|\n{rows}"))
    for part in made:
        check(part)
    assert sum("399" in json.dumps(part.blocks) for part in made) == 1


def test_many_buttons_and_receipts_go_out_in_further_messages() -> None:
    buttons = tuple(Button(action=f"take.1.{n}", label="Take " + "k" * 60) for n in range(120))
    receipt = tuple(f"key.{n}: " + "v" * 200 for n in range(100))
    made = parts(post(HERE, "x" * 8_000, buttons=buttons, receipt=receipt))
    for part in made:
        check(part)
    everything = json.dumps([part.blocks for part in made])
    assert all(f'"take.1.{n}"' in everything for n in range(120))
    assert all(f"key.{n}:" in everything for n in range(100))


def test_one_button_twice_is_one_button() -> None:
    undo = Button(action="undo.1", label="Undo")
    [part] = parts(post(HERE, "x", buttons=(undo, undo)))
    check(part)


@pytest.mark.parametrize("label", ["😀" * 70, "x" * 74, "x" * 75, "👩‍👩‍👧" * 30])
def test_long_labels_of_wide_letters_fit_a_button(label: str) -> None:
    [part] = parts(post(HERE, "?", buttons=(Button(action="a", label=label, asks="😀" * 1_500),)))
    check(part)


def test_a_text_of_100000_characters_is_a_beginning_and_a_file() -> None:
    begun = time.thread_time()
    first, file = render.post(post(HERE, "word " * 20_000, id="result:7"))
    assert time.thread_time() - begun < 2.0
    assert isinstance(first, Part)
    assert isinstance(file, Upload)
    check(first)
    assert (file.name, len(file.content)) == ("result-7.md", 100_000)


def test_a_single_post_is_one_message_that_begins_its_code_and_a_file() -> None:
    table = "| a | b |\n|---|---|\n| 1 | 2 |"
    text = f"{table}\n\n```\n" + "x = 1\n" * 3_000 + "```"
    first, file = render.post(post(HERE, text, id="ask:7.1", single=True))
    assert isinstance(first, Part)
    assert isinstance(file, Upload)
    check(first)
    assert 1_000 < json.dumps(first.blocks).count("x = 1") < 3_000
    assert (file.name, file.content.decode()) == ("ask-7.1.md", text)


@pytest.mark.parametrize(
    ("text", "kind", "told"),
    [
        ("- `/jobs`: the newest", PostKind.NOTICE, True),
        ("There is no command /x. Say /help to see all.", PostKind.ANSWER, True),
        ("see docs/help and /helpers", PostKind.ANSWER, False),
        ("The job wrote /help.", PostKind.RESULT, False),
    ],
)
def test_where_commands_are_named_it_is_said_how_they_are_typed_here(
    text: str, kind: PostKind, told: bool
) -> None:
    [part] = parts(post(HERE, text, kind=kind))
    assert ("/thaw jobs" in json.dumps(part.blocks)) is told


def test_the_offline_model_is_named_under_its_words() -> None:
    [part] = parts(post(HERE, "Hello.", offline=True))
    assert "offline model" in json.dumps(part.blocks)
    [notice] = parts(post(HERE, "Hello.", offline=True, kind=PostKind.NOTICE))
    assert "offline model" not in json.dumps(notice.blocks)


@pytest.mark.parametrize("state", ["queued", "running", "completed", "failed", "cancelled", "odd"])
def test_a_card_of_any_state_and_text_is_taken(state: str) -> None:
    shown = card(HERE, state=state, title="<!here> *x* " * 100, step="\n" * 50 + "y" * 9_000)
    made = render.card(shown, time.time())
    check(made)
    assert "<!here>" not in made.text
    assert state in json.dumps(made.blocks)


@pytest.mark.parametrize(
    ("seconds", "words"), [(5, "5 s"), (65, "1 min 5 s"), (7_300, "2 h 1 min"), (-9, "0 s")]
)
def test_elapsed_time_is_told_in_words(seconds: int, words: str) -> None:
    made = render.card(card(HERE, started_at=1_000.0), 1_000.0 + seconds)
    assert f"· {words} ·" in json.dumps(made.blocks, ensure_ascii=False)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a <", "a "),
        ("a <!he", "a "),
        ("a <!here> b", "a <\u2060!here> b"),
        ("x < y" + "z" * 300, "x < y" + "z" * 300),
    ],
)
def test_a_stream_holds_back_what_may_become_a_mention(text: str, shown: str) -> None:
    assert render.streaming(text) == shown


@pytest.mark.parametrize("text", ["", " \n", "\x00", "|\n|-|\n"])
def test_a_post_without_words_is_still_a_message(text: str) -> None:
    [part] = parts(post(HERE, text))
    check(part)
