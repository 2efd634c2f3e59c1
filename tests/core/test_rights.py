"""Who is let in, where, and what they may do there."""

import pytest

from core.errors import NotAllowed
from core.messages import ChannelRef, Person
from core.rights import Access, Right, Rights, Who

HERE = ChannelRef(platform="chat", workspace="w", channel="c")
ELSEWHERE = ChannelRef(platform="chat", workspace="w", channel="d")
ADA, BOB = Person(id="ada", name="Ada"), Person(id="bob", name="Bob")
GUEST = Person(id="gus", name="Gus", outside=True)
ROOT = Person(id="root", name="Root")


def rights(
    who: Who, *, people: str = "", roles: str = "", channels: str = "", admins: str = ""
) -> Rights:
    access = Access(
        who=who,
        people=frozenset(people.split()),
        roles=frozenset(roles.split()),
        channels=frozenset(channels.split()),
        admins=frozenset(admins.split()),
    )
    return Rights({"chat": access})


@pytest.mark.parametrize("who", Who)
def test_those_who_are_named_are_let_in_whoever_else_is(who: Who) -> None:
    found = rights(who, people="ada gus", admins="root")
    assert found.allows(ADA, HERE)
    assert found.allows(GUEST, HERE)
    assert found.allows(ROOT, HERE)


def test_who_is_not_named_is_let_in_by_who_alone() -> None:
    let_in = {who: (rights(who).allows(BOB, HERE), rights(who).allows(GUEST, HERE)) for who in Who}
    assert let_in == {
        Who.ANYONE: (True, True),
        Who.MEMBERS: (True, False),
        Who.PAIRED: (False, False),
        Who.LISTED: (False, False),
    }


def test_a_role_lets_in_and_another_one_does_not() -> None:
    found = rights(Who.LISTED, roles="77")
    assert found.allows(Person(id="bob", name="Bob", roles=frozenset({"5", "77"})), HERE)
    assert not found.allows(Person(id="bob", name="Bob", roles=frozenset({"7"})), HERE)
    assert not found.allows(Person(id="77", name="77"), HERE)


def test_where_channels_are_named_nobody_is_answered_elsewhere() -> None:
    found = rights(Who.ANYONE, channels="c", admins="root")
    assert found.allows(BOB, HERE)
    assert not found.allows(BOB, ELSEWHERE)
    assert not found.allows(ROOT, ELSEWHERE)


def test_a_platform_that_is_not_configured_admits_nobody() -> None:
    other = ChannelRef(platform="other", workspace="w", channel="c")
    assert not rights(Who.ANYONE, people="ada").allows(ADA, other)
    with pytest.raises(NotAllowed, match="not on the list"):
        rights(Who.ANYONE).require(Right.USE, ADA, other)


def test_who_is_paired_is_let_in_on_that_platform_until_they_are_removed() -> None:
    paired = {("chat", "bob"), ("other", "ada")}
    found = Rights({"chat": Access(who=Who.PAIRED)}, paired)
    assert found.allows(BOB, HERE)
    assert not found.allows(ADA, HERE)
    paired.discard(("chat", "bob"))
    assert not found.allows(BOB, HERE)


def test_a_pairing_counts_only_where_people_are_let_in_by_pairing() -> None:
    listed = Rights({"chat": Access(who=Who.LISTED)}, {("chat", "bob")})
    assert not listed.allows(BOB, HERE)


@pytest.mark.parametrize("who", Who)
def test_codes_are_given_only_where_people_are_let_in_by_them(who: Who) -> None:
    other = ChannelRef(platform="other", workspace="w", channel="c")
    assert rights(who).pairs(HERE) is (who is Who.PAIRED)
    assert not rights(who).pairs(other)


def test_without_admins_whoever_may_use_it_decides_but_lets_nobody_in() -> None:
    found = rights(Who.MEMBERS)
    may = {right for right in Right if found.may(right, BOB, HERE)}
    assert may == set(Right) - {Right.PAIR, Right.ANSWER}
    assert found.may(Right.ANSWER, BOB, HERE, owner="bob")
    assert not any(found.may(right, GUEST, HERE) for right in Right)


def test_where_there_are_admins_others_have_only_what_is_theirs() -> None:
    found = rights(Who.MEMBERS, admins="root")
    assert {right for right in Right if found.may(right, BOB, HERE)} == {Right.USE}
    own = {right for right in Right if found.may(right, BOB, HERE, owner="bob")}
    assert own == {Right.USE, Right.STEER, Right.ANSWER, Right.FORGET}
    assert all(found.may(right, ROOT, HERE) for right in Right)
    with pytest.raises(NotAllowed, match="Only who asked for a job"):
        found.require(Right.STEER, BOB, HERE, owner="ada")
