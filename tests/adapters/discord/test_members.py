"""Who writes directly: a member of one of the bot's servers, or a stranger."""

from adapters.discord.adapter import DiscordAdapter
from tests.adapters.discord.conftest import Start, Town
from tests.adapters.discord.fake_core import FakeCore
from tests.emulators.discord.server import DiscordServer, Fault
from tests.emulators.discord.world import DM

ASKED = "/members/"


async def test_a_member_of_a_server_is_answered_in_a_direct_message_with_their_roles(
    bot: DiscordAdapter, discord: DiscordServer, core: FakeCore, town: Town
) -> None:
    cora = discord.world.person("Cora", roles=("77", "5"))
    direct = discord.world.channel(None, DM)
    said = await discord.say(cora, direct, "hello")
    message = await core.message()
    assert message.author.roles == {"77", "5"}
    assert not message.author.outside
    await discord.change(said, "hello again")
    await core.events(2)
    assert discord.asked("GET", ASKED) == 1


async def test_a_stranger_s_direct_messages_and_commands_are_met_with_silence(
    bot: DiscordAdapter, discord: DiscordServer, core: FakeCore, town: Town
) -> None:
    town.guild.outsiders.add(town.ben.id)
    direct = discord.world.channel(None, DM)
    said = await discord.say(town.ben, direct, "hello")
    await discord.change(said, "hello?")
    made = await discord.interactions.command(town.ben, direct, "jobs")
    assert await discord.interactions.unanswered(made)
    other = discord.world.channel(None, DM)
    await discord.say(town.anna, other, "mine")
    assert (await core.message()).text == "mine"
    assert len(core.kept) == 1
    assert direct.texts == ["hello?"]
    assert discord.asked("GET", f"{ASKED}{town.ben.id}") == 1


async def test_a_command_in_a_direct_message_of_a_member_is_done(
    bot: DiscordAdapter, discord: DiscordServer, core: FakeCore, town: Town
) -> None:
    direct = discord.world.channel(None, DM)
    made = await discord.interactions.command(town.anna, direct, "jobs")
    await discord.interactions.answered(made)
    assert (await core.message()).text == "/jobs"


async def test_in_a_server_nobody_is_asked_about(
    bot: DiscordAdapter, discord: DiscordServer, core: FakeCore, town: Town
) -> None:
    await discord.say(town.anna, town.general, town.mention("hello"))
    assert not (await core.message()).author.outside
    assert discord.asked("GET", ASKED) == 0


async def test_while_discord_cannot_say_it_they_are_strangers_and_asked_about_again(
    bot: DiscordAdapter, discord: DiscordServer, core: FakeCore, town: Town
) -> None:
    discord.fail("GET", ASKED, Fault(status=403, body="<html>", html=True))
    direct = discord.world.channel(None, DM)
    await discord.say(town.anna, direct, "first")
    await discord.say(town.anna, direct, "second")
    assert (await core.message()).text == "second"


async def test_a_member_of_any_of_the_servers_is_one(
    start: Start, discord: DiscordServer, core: FakeCore, town: Town
) -> None:
    other = discord.world.guild()
    town.guild.outsiders.add(town.ben.id)
    await start()
    await discord.say(town.ben, discord.world.channel(None, DM), "hello")
    assert (await core.message()).text == "hello"
    await discord.gateway.dispatch("GUILD_DELETE", {"id": other.id}, other.id)
    cora = discord.world.person("Cora")
    town.guild.outsiders.add(cora.id)
    await discord.say(cora, discord.world.channel(None, DM), "let me in")
    await discord.say(town.anna, discord.world.channel(None, DM), "and me")
    assert (await core.message(2)).text == "and me"


async def test_who_just_wrote_in_a_server_is_known_in_a_direct_message_without_asking(
    bot: DiscordAdapter, discord: DiscordServer, core: FakeCore, town: Town
) -> None:
    dora = discord.world.person("Dora", roles=("9",))
    await discord.say(dora, town.general, town.mention("hello"))
    await core.message()
    await discord.say(dora, discord.world.channel(None, DM), "and here")
    message = await core.message(2)
    assert (set(message.author.roles), message.author.outside) == ({"9"}, False)
    assert discord.asked("GET", ASKED) == 0


async def test_of_many_servers_no_more_are_asked_than_it_takes(
    start: Start, discord: DiscordServer, core: FakeCore, town: Town
) -> None:
    for _ in range(5):
        discord.world.guild()
    await start()
    await discord.say(town.anna, discord.world.channel(None, DM), "hello")
    await core.message()
    assert discord.asked("GET", ASKED) == 1
