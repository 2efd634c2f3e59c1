"""What Discord, or what stands before it, answers against all rules."""

import pytest

from adapters.discord import rest
from adapters.discord.adapter import DiscordAdapter
from core.errors import DeliveryFailed
from tests.adapters.discord.conftest import Town
from tests.adapters.discord.fake_core import place, post
from tests.emulators.discord.server import DiscordServer, Fault


@pytest.mark.parametrize(
    "fault",
    [
        Fault(status=429, body='{"message": "slow", "global": false}', via=True),
        Fault(status=429, body='{"message": "slow", "retry_after": "soon"}', via=True),
        Fault(status=429, body="[]", via=True),
        Fault(status=200, body='{"id": "1", "cont'),
        Fault(status=200, body='{"id": "1", "cont', after=True),
        Fault(status=400, body='{"code": 50035, "message": "no", "errors": [1]}'),
    ],
    ids=["no time", "time in words", "a list", "torn", "torn after", "errors of another shape"],
)
async def test_what_the_library_breaks_at_is_tried_again_and_sent_once(
    bot: DiscordAdapter, discord: DiscordServer, town: Town, fault: Fault
) -> None:
    discord.fail("POST", "/messages$", fault)
    item = post(town.main, "once")
    with pytest.raises(DeliveryFailed):
        await bot.deliver(item)
    await bot.deliver(item)
    assert town.general.texts == ["once"]


async def test_a_pause_for_all_whose_request_is_given_up_does_not_last_for_ever(
    bot: DiscordAdapter, discord: DiscordServer, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    discord.fail("POST", "/messages$", Fault(retry_after=20, everywhere=True))
    with monkeypatch.context() as hasty:
        hasty.setattr(rest, "_LONGEST_S", 0.5)
        with pytest.raises(DeliveryFailed, match="cannot be reached"):
            await bot.deliver(post(town.main, "given up", "answer:1"))
    await bot.deliver(post(town.main, "and on", "answer:2"))
    assert town.general.texts == ["and on"]


@pytest.mark.parametrize(
    ("fault", "pause"),
    [
        (Fault(status=429, html=True, headers={"Retry-After": "900"}), 900),
        (Fault(status=429, html=True), 30),
        (Fault(status=429, html=True, headers={"Retry-After": "Wed, 21 Oct 2026 07:28:00"}), 30),
        (Fault(status=429, html=True, headers={"Retry-After": "²"}), 30),
        (Fault(retry_after=600, everywhere=True), 600),
    ],
    ids=["1015", "no time", "a date", "no number", "global"],
)
async def test_who_is_shut_out_altogether_asks_for_nothing_more_meanwhile(
    bot: DiscordAdapter, discord: DiscordServer, town: Town, fault: Fault, pause: float
) -> None:
    discord.fail("POST", "/messages$", fault)
    other = discord.world.channel(town.guild)
    for where in (town.general, other):
        with pytest.raises(DeliveryFailed) as failed:
            await bot.deliver(post(place(town.guild.id, where.id), "later"))
        assert 0.5 * pause < (failed.value.retry_after_s or 0) <= pause
    assert discord.asked("POST", "/messages$") == 1


async def test_a_pause_of_one_route_holds_up_no_other(
    bot: DiscordAdapter, discord: DiscordServer, town: Town
) -> None:
    discord.fail("POST", "/messages$", Fault(retry_after=600))
    with pytest.raises(DeliveryFailed):
        await bot.deliver(post(town.main, "later"))
    other = discord.world.channel(town.guild)
    await bot.deliver(post(place(town.guild.id, other.id), "now"))
    assert other.texts == ["now"]
