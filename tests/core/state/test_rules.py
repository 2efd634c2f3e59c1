import pytest

from core.messages import ChannelRef
from core.state.operations import Json, Kind
from core.state.rules import Merging, Rule, Rules, adopt, adopted
from tests.core.state.board import BEN, Board, put

GENERAL = ChannelRef(platform="web", workspace="local", channel="general")
RULES = Rules(
    rules=(
        Rule(keys="deploy.*", rule=Merging.LATEST, channels=("web/*",)),
        Rule(keys="deploy.?ount", kind=Kind.COUNTER),
        Rule(keys="*", rule=Merging.ASK, channels=("slack/*",)),
    )
)


def test_the_first_rule_that_matches_counts() -> None:
    assert RULES.merging("deploy.target") is Merging.LATEST
    assert RULES.merging("other") is Merging.ASK
    assert RULES.kind("deploy.count") is Kind.COUNTER
    assert RULES.kind("deploy.account") is None


def test_patterns_know_no_signs_but_two() -> None:
    odd = Rules(rules=(Rule(keys="a.[b]*", rule=Merging.LATEST),))
    assert odd.merging("a.[b]c\nd") is Merging.LATEST
    assert odd.merging("a.b") is Merging.ASK
    assert odd.merging("aX[b]") is Merging.ASK


def test_a_channel_has_the_rules_that_name_it() -> None:
    assert [rule.keys for rule in RULES.for_channel(GENERAL).rules] == ["deploy.*", "deploy.?ount"]


def test_the_same_rules_keep_their_revision(board: Board) -> None:
    first = adopt(board.tx, RULES)
    other = adopt(board.tx, Rules(rules=RULES.rules[:1]))
    again = adopt(board.tx, RULES)
    assert (first.revision, other.revision, again.revision) == (1, 2, 1)


def test_a_revision_names_the_rules_for_ever(board: Board) -> None:
    revision = adopt(board.tx, RULES).revision
    adopt(board.tx, Rules(rules=RULES.rules[:1]))
    assert adopted(board.tx, revision).rules == RULES.rules
    assert adopted(board.tx, adopt(board.tx, Rules()).revision) == Rules()


def ruled(merging: Merging) -> Board:
    return Board(Rules(rules=(Rule(keys="k", rule=merging),)))


@pytest.mark.parametrize(
    ("merging", "values", "stands"),
    [
        (Merging.LATEST, [1, 2], 2), (Merging.FIRST, [1, 2], 1), (Merging.MAX, [5, 3], 5),
        (Merging.MAX, [3, 5.5], 5.5), (Merging.MIN, [5, 3], 3), (Merging.MIN, [-1, 3], -1),
    ],
)  # fmt: skip
def test_a_rule_decides_the_same_whoever_ends_first(
    merging: Merging, values: list[Json], stands: Json
) -> None:
    for order in ((0, 1), (1, 0)):
        board = ruled(merging)
        board.job(9, put("k", 0))
        lost = [board.job(1 + at, put("k", values[at]), base=1) for at in order][1]
        assert (board.value("k"), board.conflicts()) == (stands, ())
        text = lost.receipt[0].text
        assert f"by the rule {merging}" in text or f"→ {stands}" in text
        assert board.folded() == board.everything()
        board.close()


def test_who_knew_the_first_may_replace_it_and_who_knew_neither_comes_too_late() -> None:
    board = ruled(Merging.FIRST)
    board.job(1, put("k", "first"))
    board.job(3, put("k", "next"), base=1)
    board.job(2, put("k", "late"), base=0)
    assert (board.value("k"), board.conflicts()) == ("next", ())
    board.close()


def test_first_is_not_for_jobs_to_take_from_people() -> None:
    board = ruled(Merging.FIRST)
    board.set("k", "mine")
    done = board.job(1, put("k", "theirs"), base=0)
    assert (board.value("k"), done.receipt[0].take) == ("mine", 2)
    board.set("k", "too late", base=0, author=BEN)
    assert board.value("k") == "mine"
    board.close()


@pytest.mark.parametrize("merging", [Merging.MAX, Merging.MIN])
def test_what_is_no_number_is_asked_about(merging: Merging) -> None:
    board = ruled(merging)
    board.job(1, put("k", 5))
    board.job(2, put("k", "many"), base=0)
    assert (board.value("k"), len(board.conflicts())) == (5, 1)
    board.set("k", "7" if merging is Merging.MIN else "3", base=0)
    assert board.value("k") == 5
    board.close()


def test_who_saw_the_largest_may_lower_it() -> None:
    board = ruled(Merging.MAX)
    board.job(1, put("k", 5))
    board.job(2, put("k", 3))
    assert board.value("k") == 3
    board.close()


def test_fields_of_a_record_are_named_with_a_dot() -> None:
    rules = Rules(rules=(Rule(keys="a.b", rule=Merging.MAX), Rule(keys="a.*", kind=Kind.SET)))
    found = rules.fields("a", ["b", "c"])
    assert found["b"] == (Merging.MAX, Kind.SET)
    assert found["c"] == (Merging.ASK, Kind.SET)


def test_a_put_of_a_string_is_a_text_where_a_rule_says_so() -> None:
    board = Board(Rules(rules=(Rule(keys="notes*", kind=Kind.TEXT),)))
    board.job(1, put("notes", "a\nb\nc\n"), put("other", "a"), put("notes.n", 5))
    kinds = [entry.kind for key in ("notes", "other", "notes.n") if (entry := board.entry(key))]
    assert kinds == [Kind.TEXT, Kind.VALUE, Kind.VALUE]
    board.job(2, put("notes", "1\nb\nc\n"), base=1)
    board.job(3, put("notes", "a\nb\n3\n"), base=1)
    assert board.value("notes") == "1\nb\n3\n"
    board.close()
