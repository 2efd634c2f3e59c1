import pytest

from adapters.discord.rendering import (
    Action,
    Part,
    button_rows,
    card_part,
    card_text,
    custom_id,
    details,
    post_parts,
    read_action,
    stream_parts,
)
from core.messages import Button, Person, PostKind
from core.messages.views import JobView, StepLine
from tests.adapters.discord.fake_core import card, place, post
from tests.emulators.discord import refusals

HERE = place("1", "2")


def accepted(part: Part) -> None:
    """Raise what Discord would say."""
    refusals.message(part.body(), dict(part.files))


def test_a_button_s_id_says_all_there_is_to_know() -> None:
    for asks in (True, False):
        longest = custom_id("x" * 64, asks=asks)
        assert len(longest) <= 100
        assert read_action(longest) == Action(action="x" * 64, asks=asks)


@pytest.mark.parametrize("forged", ["", "stop.1", "thaw:stop.1", "thaw:!", "thaw:!" + "x" * 65,
                                    "thaw:!a b", "thaw:!ä", "thaw:!stop.1\n"])  # fmt: skip
def test_what_is_no_id_of_ours_is_no_action(forged: str) -> None:
    assert read_action(forged) is None


@pytest.mark.parametrize("title", ["", "\u200b", "x" * 5000, "👍" * 500, "a\n**b** @everyone"])
def test_a_card_fits_whatever_its_title_and_step_say(title: str) -> None:
    accepted(card_part(card(HERE, title=title, step=title, requester=Person(id="1", name=title))))


def test_a_card_says_what_people_want_to_know() -> None:
    about = {"title": "Find the bug", "step": "reading *logs*", "tokens": 12345}
    part = card_part(card(HERE, 12, **about, cost=41_234_567))
    (embed,) = part.embeds
    assert embed["title"] == "Job 12: Find the bug"
    assert embed["description"] == "reading \\*logs\\*"
    text = str(embed["fields"])
    assert "running" in text
    assert "12,345" in text
    assert "$0.041" in text
    (unpriced,) = card_part(card(HERE, 12, **about)).embeds
    assert "Cost" not in str(unpriced["fields"])
    assert ":R>" in text  # Discord's own clock: no edits for the time


def test_a_card_that_is_over_says_how_long_it_took() -> None:
    part = card_part(card(HERE, started_at=100.0, ended_at=225.0, state="failed"))
    assert "2 min 5 s" in str(part.embeds)


def test_more_buttons_than_fit_go_under_messages_of_their_own() -> None:
    buttons = tuple(Button(action=f"pick.1.1.{n}", label=f"Take {n}") for n in range(60))
    parts = post_parts(post(HERE, "choose", buttons=buttons))
    for part in parts:
        accepted(part)
    assert len(parts) == 3
    shown = [one for part in parts for row in part.rows for one in row["components"]]  # type: ignore[attr-defined]  # rows are JSON
    assert len(shown) == 60


def test_two_buttons_of_one_action_are_one() -> None:
    (row,) = button_rows([Button(action="a", label="A"), Button(action="a", label="B")])
    assert len(row["components"]) == 1  # type: ignore[arg-type]  # rows are JSON


def test_a_label_that_discord_would_refuse_is_made_one() -> None:
    rows = button_rows([Button(action="a", label=""), Button(action="b", label="x" * 200)])
    refusals.components(list(rows))


def test_the_buttons_stand_under_the_last_message() -> None:
    parts = post_parts(
        post(HERE, "\n\n".join(["word " * 200] * 6), buttons=(Button(action="a", label="A"),))
    )
    assert [bool(part.rows) for part in parts] == [False] * (len(parts) - 1) + [True]


def test_a_text_of_many_messages_is_its_beginning_and_a_file() -> None:
    text = "\n\n".join(f"{number}: " + "word " * 300 for number in range(40))
    parts = post_parts(post(HERE, text, kind=PostKind.RESULT, job=7, receipt=("`a` is 1",)))
    for part in parts:
        accepted(part)
    assert parts[0].content.startswith("**Job 7**\n0: word")
    assert "`a` is 1" in parts[0].content
    assert parts[-1].files == (("job-7.md", text.encode()),)


@pytest.mark.parametrize("text", ["", "\u200b", " ", "\u202e", "\0"])
def test_a_post_of_nothing_is_still_a_message(text: str) -> None:
    for part in [*post_parts(post(HERE, text)), *stream_parts(text)]:
        accepted(part)


def test_nobody_is_notified_by_what_a_text_says() -> None:
    (part,) = post_parts(post(HERE, "@everyone <@5> <@&6>", mention=Person(id="7", name="A")))
    assert part.body()["allowed_mentions"] == {
        "parse": [], "users": ["7"], "replied_user": False,
    }  # fmt: skip


def test_links_of_a_post_do_not_unfold_and_a_card_s_picture_is_not_hidden() -> None:
    assert post_parts(post(HERE, "http://x.y"))[0].body()["flags"] == 1 << 2
    assert card_part(card(HERE)).body()["flags"] == 0


def test_a_receipt_shows_its_keys_as_code_and_everything_else_as_it_is() -> None:
    (part,) = post_parts(post(HERE, "done", receipt=("`a_b` is now *1* <@5> ` x",)))
    assert part.content == "done\n\n-# ✎ `a_b` is now \\*1\\* \\<@5\\> \\` x"


def test_words_of_the_offline_model_say_so() -> None:
    (part,) = post_parts(post(HERE, "hello", offline=True))
    assert part.content == "hello\n\n-# offline model"


def test_details_of_a_long_job_come_as_a_file() -> None:
    steps = tuple(
        StepLine(number=n, kind="tool", title="shell `ls`", detail="x" * 500, at=0, seconds=None)
        for n in range(1, 100)
    )
    view = JobView(card=card(HERE), brief="do", outcome="", result="", base_commit=1, steps=steps)
    part = details(view)
    accepted(part)
    assert part.files[0][0] == "job-1.md"
    assert b"## 1. tool: shell `ls`" in part.files[0][1]
    assert "59 earlier steps" in part.content


def test_of_what_nobody_would_read_and_no_file_may_hold_the_end_is_left_out_and_that_is_told() -> (
    None
):
    text = "\n\n".join(["word " * 300] * 50)
    parts = post_parts(post(HERE, text, receipt=("set `a` to 1",)), attach=False)
    assert len(parts) == 30
    assert "the rest is not shown" in parts[-1].content
    assert parts[-1].content.endswith("set `a` to 1")
    assert not any(part.files for part in parts)


@pytest.mark.parametrize("title", ["", "\u200b", "x" * 5000, "👍" * 500, "a\n**b** `@everyone"])
def test_a_card_in_words_fits_too(title: str) -> None:
    hers = Person(id="1", name=title)
    part = card_text(card(HERE, title=title, step=title, requester=hers))
    accepted(part)
    assert "running" in part.content
    assert part.rows == card_part(card(HERE)).rows
