import pytest

from adapters.discord.examination import PERMISSIONS, examine, invite_url
from adapters.discord.settings import DiscordSettings
from tests.adapters.discord.conftest import Town
from tests.emulators.discord.server import TOKEN, DiscordServer, Fault

GOOD = {"DISCORD_TOKEN": TOKEN}


def at(discord: DiscordServer) -> DiscordSettings:
    return DiscordSettings(api_url=discord.api_url, gateway_url=discord.gateway_url)


async def test_where_all_is_well_nothing_is_advised(discord: DiscordServer, town: Town) -> None:
    found = await examine(at(discord), GOOD)
    assert [one.level for one in found] == ["ok"] * 4
    assert "Thaw" in found[0].text


async def test_each_thing_that_is_wrong_comes_with_what_to_click(discord: DiscordServer) -> None:
    discord.flags = 0
    discord.endpoint = "https://old.example.org"
    discord.starts = 3
    discord.gateway.refuse_with = 502
    found = await examine(at(discord), GOOD)
    wrong = [one for one in found if one.level != "ok"]
    assert all(one.advice for one in wrong)
    said = "\n".join(f"{one.text} {one.advice}" for one in wrong)
    for word in ("Message Content Intent", "Interactions Endpoint URL", "scope=bot", "3 more"):
        assert word in said
    assert "gateway_url" in said


async def test_who_can_bring_it_where_and_what_it_may_there_is_told(
    discord: DiscordServer, town: Town
) -> None:
    discord.public = discord.code_grant = True
    discord.permissions = str(PERMISSIONS & ~(1 << 38) & ~(1 << 15))
    found = {one.text: one.advice for one in await examine(at(discord), GOOD) if one.level != "ok"}
    (public,) = (text for text in found if "anybody can bring it" in text)
    assert "Public Bot" in found[public]
    (code,) = (text for text in found if "asks for a code" in text)
    assert "Code Grant" in found[code]
    (lacking,) = (text for text in found if "may not" in text)
    assert lacking.endswith("Attach Files, Send Messages in Threads")
    assert "scope=bot" in found[lacking]
    discord.permissions = "8"
    assert not [one for one in await examine(at(discord), GOOD) if "may not" in one.text]


@pytest.mark.parametrize("body", ["[]", "{}", '"hello"', "null", '{"id": 7}', "{"])
async def test_an_answer_of_another_shape_is_no_discord(discord: DiscordServer, body: str) -> None:
    discord.fail("GET", "/applications/@me", Fault(status=200, body=body))
    (strange,) = await examine(at(discord), GOOD)
    assert "does not answer as Discord does" in strange.text
    assert "api_url" in strange.advice


@pytest.mark.parametrize("body", ["{}", "null", '[1, null, {"permissions": "\\u0661"}, {}]'])
async def test_strange_lists_of_servers_do_not_break_it(discord: DiscordServer, body: str) -> None:
    discord.fail("GET", "/users/@me/guilds", Fault(status=200, body=body))
    assert len(await examine(at(discord), GOOD)) >= 4


async def test_no_token_a_wrong_one_and_no_discord_are_told_apart(discord: DiscordServer) -> None:
    (none,) = await examine(at(discord), {})
    assert "DISCORD_TOKEN" in none.text
    (wrong,) = await examine(at(discord), {"DISCORD_TOKEN": "old"})
    assert "Reset Token" in wrong.advice
    discord.fail("GET", "/applications/@me", Fault(status=200, html=True))
    (strange,) = await examine(at(discord), GOOD)
    assert "api_url" in strange.advice


def test_the_invitation_asks_for_what_the_bot_uses() -> None:
    assert "client_id=42&permissions=309237763136" in invite_url("42")
