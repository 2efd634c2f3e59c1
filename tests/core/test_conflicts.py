from core.conflicts import (
    conflict_buttons,
    conflict_posts,
    conflict_text,
    outdated_posts,
    take_buttons,
)
from core.messages import ChannelRef, PostKind, ThreadRef
from core.records import outbox
from core.state.rules import Merging, Rule, Rules
from tests.core.state.board import Board, put, text, write
from tests.core.state.conftest import board

__all__ = ["board"]

THREAD = ThreadRef(
    channel=ChannelRef(platform="web", workspace="local", channel="general"), thread="t"
)


def test_a_question_shows_who_wrote_each_version_in_which_job_and_on_what(board: Board) -> None:
    board.job(1, put("k", "a"))
    board.job(2, put("k", "b"), base=0)
    assert conflict_text(board.tx, board.conflicts()[0]) == (
        "Conflict #1: which should `k` be?\n\n"
        '- **0** "a" (job 1, asked by Ann, what stands now)\n'
        '- **1** "b" (job 2, asked by Ann: job 2, asked by Ann, based on commit 0)'
    )


def test_what_never_was_is_shown_without_an_author(board: Board) -> None:
    board.job(1, write("d/f", b"x\n"))
    board.job(2, write("d", b"a file\n"), base=0)
    asked = conflict_text(board.tx, board.conflicts()[0])
    assert "- **0** absent (what stands now)\n" in asked


def test_a_text_is_shown_by_its_difference_that_no_text_can_break_out_of(board: Board) -> None:
    board.job(1, text("k", "a\nb\nc\n"))
    board.job(2, text("k", "a\nx\nc\n"), base=1)
    board.job(3, text("k", "a\n```\n**loud**\nc\n"), base=1)
    asked = conflict_text(board.tx, board.conflicts()[0])
    assert asked.endswith("````diff\n@@ -1,3 +1,4 @@\n a\n-x\n+```\n+**loud**\n c\n````\n")


def test_a_long_difference_is_cut_and_says_so(board: Board) -> None:
    board.job(1, text("k", "a\n"))
    board.job(2, text("k", "".join(f"{n}\n" for n in range(100))), base=0)
    asked = conflict_text(board.tx, board.conflicts()[0])
    assert "… and more\n```" in asked
    assert asked.count("\n") < 30


def test_several_keys_are_asked_about_at_once(board: Board) -> None:
    board.rules = Rules(rules=(Rule(keys="p.*", rule=Merging.TOGETHER),))
    board.job(1, put("p.a", 1), put("p.b", 1))
    board.job(2, put("p.a", 2), put("p.b", 2), base=0)
    found = board.conflicts()[0]
    assert conflict_text(board.tx, found).startswith("Conflict #1: which should `p.a`, `p.b` be?")
    assert [button.action for button in conflict_buttons(board.tx, found)] == [
        "pick.1.1.0", "pick.1.1.1",
    ]  # fmt: skip


def test_a_text_offers_both_sides_and_a_label_is_short(board: Board) -> None:
    board.job(1, text("k", "a\n"), put("v", "x" * 100))
    board.job(2, text("k", "b\n"), put("v", "y" * 100), base=0)
    by_key = {found.key: found for found in board.conflicts()}
    labels = [button.label for button in conflict_buttons(board.tx, by_key["k"])]
    assert "Both, now and job 2" in labels
    assert max(len(one.label) for one in conflict_buttons(board.tx, by_key["v"])) == 60


def test_a_conflict_is_asked_about_once_for_each_revision_and_not_by_thousands(
    board: Board,
) -> None:
    board.job(1, *(put(f"k{n:02}", "a") for n in range(12)))
    merged = board.job(2, *(put(f"k{n:02}", "b") for n in range(12)), base=0)
    posts = conflict_posts(board.tx, THREAD, merged.conflicts, merged.commit, 1.0)
    assert {post.kind for post in posts} == {PostKind.CONFLICT}
    assert len(posts) == 11
    assert posts[-1].text.startswith("Up to 2 more conflicts wait")


def test_a_question_is_closed_where_it_was_settled_or_is_asked_anew(board: Board) -> None:
    board.job(1, put("k", "a"), put("l", "a"))
    first = board.job(2, put("k", "b"), put("l", "b"), base=0)
    assert outdated_posts(board.tx, first) == ()
    for post in conflict_posts(board.tx, THREAD, first.conflicts, first.commit, 1.0):
        outbox.put(board.tx, post)
    second = board.job(3, put("k", "c"), base=0)
    (turned,) = outdated_posts(board.tx, second)
    assert (turned.id, turned.buttons) == ("conflict:1:1", ())
    assert turned.text.endswith("**Asked anew:** there is something else to choose.")
    outbox.show_again(board.tx, turned)
    for post in conflict_posts(board.tx, THREAD, second.conflicts, second.commit, 1.0):
        outbox.put(board.tx, post)
    board.set("l", "mine")
    closed = outdated_posts(board.tx, board.set("k", "mine"))
    assert [(post.id, post.buttons) for post in closed] == [("conflict:1:2", ())]
    assert closed[0].text.endswith("**Settled** in commit 5.")


def test_what_a_person_outranked_can_be_taken(board: Board) -> None:
    board.set("k", "mine")
    merged = board.job(1, put("k", "theirs"), base=0)
    assert [button.action for button in take_buttons(merged)] == ["take.2.0"]
