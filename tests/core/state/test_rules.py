from core.messages import ChannelRef
from core.state.operations import Kind
from core.state.rules import Merging, Rule, Rules, adopt, adopted
from tests.core.state.board import Board

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
