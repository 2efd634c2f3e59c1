"""What the bot may not show as it would like to is shown as it may, whole."""

import time
from dataclasses import replace

import pytest

from adapters.discord.adapter import DiscordAdapter
from core.errors import DeliveryRefused
from core.messages import CardMoved
from tests.adapters.discord.conftest import Start, Town
from tests.adapters.discord.fake_core import FakeCore, card, post
from tests.emulators.discord.server import DiscordServer, Fault


async def test_without_the_right_to_embed_a_card_is_told_in_words_and_keeps_its_buttons(
    bot: DiscordAdapter, discord: DiscordServer, town: Town
) -> None:
    discord.messages.lacking[town.general.id] = {"embeds"}
    await bot.deliver(card(town.main, step="reading"))
    await bot.deliver(card(town.main, step="writing", version=2))
    (shown,) = town.general.messages.values()
    assert "**Job 1: Work 1**" in shown.content
    assert "writing" in shown.content
    assert list(shown.buttons) == ["Stop", "Steer", "Details"]
    # The card, its words, the new words: what is refused is not tried for each version.
    assert (discord.asked("POST", "/messages$"), discord.asked("PATCH", "/messages/")) == (2, 1)


async def test_a_card_whose_embed_discord_takes_away_in_silence_is_told_in_words(
    bot: DiscordAdapter, discord: DiscordServer, town: Town
) -> None:
    await bot.deliver(card(town.main, step="reading"))
    discord.messages.lacking[town.general.id] = {"embeds"}
    await bot.deliver(card(town.main, step="writing", version=2))
    (shown,) = town.general.messages.values()
    assert "writing" in shown.content


async def test_a_long_text_that_may_be_no_file_comes_whole_in_messages(
    bot: DiscordAdapter, discord: DiscordServer, town: Town
) -> None:
    discord.messages.lacking[town.general.id] = {"files"}
    words = [f"word {number} " + "x" * 900 for number in range(16)]
    await bot.deliver(post(town.main, "\n\n".join(words), receipt=("set `a` to 1",)))
    said = "\n".join(town.general.texts)
    assert all(said.count(word) == 1 for word in words)
    assert said.endswith("set `a` to 1")
    assert "in the file" not in said


@pytest.mark.parametrize("reason", ["no right", "too large", "a proxy's word"])
async def test_produced_files_that_discord_does_not_take_are_named_with_the_reason(
    bot: DiscordAdapter, discord: DiscordServer, core: FakeCore, town: Town, reason: str
) -> None:
    core.produced = {"a.csv": b"1", "b.csv": b"2"}
    if reason == "no right":
        discord.messages.lacking[town.general.id] = {"files"}
        why = "lacks the permission Attach Files"
    else:
        body = '{"code": 40005, "message": "Request entity too large"}'
        discord.fail("POST", "/messages$", Fault(status=413, body=body, html=reason != "too large"))
        why = "too large for Discord"
    await bot.deliver(post(town.main, "done", files=("a.csv", "b.csv")))
    last = town.general.texts[-1]
    assert last.startswith("done")
    assert "a.csv, b.csv are not attached, but in the channel's workspace" in last
    assert why in last


async def test_who_is_shut_out_is_not_asked_again_without_the_files(
    bot: DiscordAdapter, discord: DiscordServer, core: FakeCore, town: Town
) -> None:
    core.produced = {"a.csv": b"1"}
    discord.messages.forbidden[town.general.id] = 50001
    with pytest.raises(DeliveryRefused, match="invite it"):
        await bot.deliver(post(town.main, "done", files=("a.csv",)))
    assert discord.asked("POST", "/messages$") == 1


async def test_the_same_post_again_after_a_restart_adds_nothing(
    start: Start, discord: DiscordServer, core: FakeCore, town: Town
) -> None:
    core.produced = {"a.csv": b"1"}
    discord.messages.lacking[town.general.id] = {"files"}
    bot = await start()
    item = post(town.main, "done", files=("a.csv",))
    await bot.deliver(item)
    before = town.general.texts
    await bot.stop()
    await (await start()).deliver(item)
    assert town.general.texts == before


async def test_a_card_of_an_hour_ago_moves_seldom_and_what_is_durable_is_shown_at_once(
    bot: DiscordAdapter, discord: DiscordServer, town: Town
) -> None:
    old = card(town.main, created_at=time.time() - 4000, step="one")
    await bot.deliver(old)
    (shown,) = town.general.messages.values()
    for step in ("two", "three"):
        await bot.show(CardMoved(card=replace(old, step=step)))
    await discord.messages.until(lambda: "two" in str(shown.embeds))
    await bot.show(CardMoved(card=replace(old, step="four")))
    await bot.deliver(replace(old, step="five", version=2))
    assert "five" in str(shown.embeds)
    assert not any(step in str(shown.history) for step in ("three", "four"))


@pytest.mark.parametrize(
    ("name", "shown"),
    [("a\r\nX-Evil: 1.csv", "a X-Evil: 1.csv"), ('x\ry"z\x00\u2028.csv', "x y'z\ufffd .csv"),
     ("\u202evsc.exe", "vsc.exe"), ("deep/dir/ä.csv", "ä.csv"), ("\n", "file")],
)  # fmt: skip
async def test_a_file_s_name_is_one_line_whatever_a_sandbox_called_it(
    bot: DiscordAdapter, core: FakeCore, town: Town, name: str, shown: str
) -> None:
    core.produced = {name: b"1"}
    await bot.deliver(post(town.main, "done", files=(name,)))
    (last,) = [one for one in town.general.messages.values() if one.files]
    assert list(last.files) == [shown]
