"""Which pots a call draws on, and what is said about them."""

from dataclasses import replace

import pytest

from core.messages import ChannelRef
from core.model.pots import (
    Level,
    Limits,
    Pot,
    Standing,
    level_words,
    obstacle,
    pots_of,
    renews_words,
)
from tests.core.model.chats import account
from tests.core.model.ledgers import NOON, most, tokens


def test_the_same_id_on_another_platform_is_another_person_and_channel() -> None:
    web = account()
    slack = replace(web, channel=ChannelRef(platform="slack", workspace="T1", channel="general"))
    names = {
        pot.name
        for one in (web, slack)
        for pot in pots_of(one, "tiny", NOON, Limits())
        if pot.level in (Level.PERSON, Level.CHANNEL)
    }
    assert len(names) == 4


def test_ids_cannot_be_made_to_look_like_others() -> None:
    one = ChannelRef(platform="p", workspace='a", "b', channel="c")
    other = ChannelRef(platform="p", workspace="a", channel='b", "c')
    pots = [
        pots_of(replace(account(), channel=ref), "m", NOON, Limits())[2] for ref in (one, other)
    ]
    assert pots[0].name != pots[1].name


@pytest.mark.parametrize(
    ("level", "name", "whose", "renews"),
    [
        (Level.WORK, "job:1", "this job", ""),
        (Level.WORK, "turn:1", "this answer", ""),
        (Level.PERSON, "x", "each person, today", "at midnight UTC, in 12 h 0 min"),
        (Level.CHANNEL, "x", "this channel, today", "at midnight UTC, in 12 h 0 min"),
        (Level.ALL, "", "everybody, this month", "on 2026-12-01 UTC"),
        (Level.MODEL, "tiny", "model tiny, this month", "on 2026-12-01 UTC"),
    ],
)
def test_every_level_has_words(level: Level, name: str, whose: str, renews: str) -> None:
    pot = Pot(level=level, name=name, period="")
    assert level_words(pot) == whose
    assert renews_words(pot, NOON) == renews


def test_december_renews_in_january() -> None:
    pot = Pot(level=Level.ALL, name="", period="")
    assert renews_words(pot, NOON + 30 * 86_400) == "on 2027-01-01 UTC"


def test_a_pot_that_is_overdrawn_has_nothing_left() -> None:
    pot = Pot(level=Level.ALL, name="", period="", limit=most(500))
    assert "900 are used, 0 are left" in (
        obstacle(pot, Standing(tokens=900), tokens(7), NOON) or ""
    )
