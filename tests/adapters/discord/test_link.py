import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from structlog.testing import capture_logs

from adapters.discord.adapter import DiscordAdapter
from adapters.discord.gate import Gate
from adapters.discord.link import Link
from adapters.discord.rest import Rest
from adapters.discord.settings import DiscordSettings
from adapters.discord.status import Status
from adapters.discord.wire import traced
from core.messages import Message
from tests.adapters.discord.conftest import QUICK, Start, Town
from tests.adapters.discord.fake_core import Event, FakeCore, post
from tests.emulators.discord.server import TOKEN, DiscordServer, Fault


def words(events: list[Event]) -> list[str]:
    return [event.text for event in events if isinstance(event, Message)]


async def heard(discord: DiscordServer, core: FakeCore, town: Town, number: int) -> None:
    """Somebody writes, and it arrives."""
    await discord.say(town.anna, town.general, town.mention(f"word {number}"))
    assert (await core.message(number)).text == f"word {number}"


class Telling(Status):
    """A status that can be waited for."""

    def __init__(self) -> None:
        self.told: asyncio.Queue[str] = asyncio.Queue()
        super().__init__()

    def __setattr__(self, name: str, value: object) -> None:
        super().__setattr__(name, value)
        if name == "problem" and value != "not started":
            self.told.put_nowait(str(value))


@asynccontextmanager
async def linked(discord: DiscordServer, status: Status) -> AsyncIterator[asyncio.Event]:
    """A link alone, with an event that is set when it heard something."""
    heard, gate = asyncio.Event(), Gate()
    settings = DiscordSettings(api_url=discord.api_url, gateway_url=discord.gateway_url)
    trace = traced(gate, status)
    rest = Rest(status, gate)
    link = Link(settings, TOKEN, rest, status, lambda *_: heard.set(), QUICK, trace)
    running = asyncio.create_task(link.run())
    try:
        yield heard
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_a_cut_connection_is_resumed_and_what_was_said_meanwhile_arrives_once(
    bot: DiscordAdapter, discord: DiscordServer, core: FakeCore, town: Town
) -> None:
    await heard(discord, core, town, 1)
    discord.gateway.cut()
    await discord.gateway.happened("closed")
    await discord.say(town.anna, town.general, town.mention("word 2"))
    await discord.gateway.happened("resumed")
    await heard(discord, core, town, 3)
    assert words(await core.events(3)) == ["word 1", "word 2", "word 3"]
    assert discord.gateway.log.count("identify") == 1
    assert bot.status.connected


async def test_a_storm_of_cuts_loses_and_doubles_nothing_and_keeps_the_order(
    bot: DiscordAdapter, discord: DiscordServer, core: FakeCore, town: Town
) -> None:
    for number in range(1, 31):
        await discord.say(town.anna, town.general, town.mention(f"word {number}"))
        if number % 6 == 0:
            discord.gateway.cut()
            await discord.gateway.happened("connected", number // 6 + 1)
    assert words(await core.events(30)) == [f"word {number}" for number in range(1, 31)]


async def test_asked_to_reconnect_it_resumes(
    bot: DiscordAdapter, discord: DiscordServer, core: FakeCore, town: Town
) -> None:
    await discord.gateway.ask_to_reconnect()
    await discord.gateway.happened("resumed")
    await heard(discord, core, town, 1)


async def test_a_session_that_discord_forgot_is_begun_anew(
    bot: DiscordAdapter, discord: DiscordServer, core: FakeCore, town: Town
) -> None:
    await discord.gateway.invalidate(resumable=False)
    await discord.gateway.happened("ready", 2)
    await heard(discord, core, town, 1)


async def test_a_silent_connection_is_given_up_and_resumed(
    start: Start, discord: DiscordServer, core: FakeCore, town: Town
) -> None:
    discord.gateway.heartbeat_ms = 200
    bot = await start(heartbeat_timeout_s=0.6)
    discord.gateway.go_silent()
    await discord.say(town.anna, town.general, town.mention("word 1"))
    await discord.gateway.happened("resumed")
    assert (await core.message(1)).text == "word 1"
    assert bot.status.connected
    assert bot.status.retries > 0


async def test_where_heartbeats_are_frequent_one_without_an_answer_is_enough(
    start: Start, discord: DiscordServer, core: FakeCore, town: Town
) -> None:
    discord.gateway.heartbeat_ms = 200
    await start(heartbeat_timeout_s=600, quiet_s=0.4)
    discord.gateway.go_silent()
    await discord.say(town.anna, town.general, town.mention("word 1"))
    await discord.gateway.happened("resumed")
    discord.gateway.go_silent()
    await discord.say(town.anna, town.general, town.mention("word 2"))
    assert words(await core.events(2)) == ["word 1", "word 2"]


async def test_a_connection_that_never_gets_ready_is_given_up(
    start: Start, discord: DiscordServer, core: FakeCore, town: Town
) -> None:
    discord.gateway.keep_unready = True
    discord.gateway.heartbeat_ms = 100  # it answers, so the library is content with it
    bot = await start(wait=False, patience_s=0.4)
    await discord.gateway.happened("identify", 2)
    assert not bot.status.connected
    discord.gateway.keep_unready = False
    await discord.gateway.happened("ready")
    await heard(discord, core, town, 1)


async def test_nonsense_from_the_gateway_costs_a_connection_and_no_more(
    bot: DiscordAdapter, discord: DiscordServer, core: FakeCore, town: Town
) -> None:
    await discord.gateway.say_nonsense("<html>not json</html>")
    await discord.gateway.happened("ready", 2)
    await heard(discord, core, town, 1)


async def test_events_with_missing_and_unknown_fields_leave_the_connection_alone(
    bot: DiscordAdapter, discord: DiscordServer, core: FakeCore, town: Town
) -> None:
    odd: list[object] = [{}, {"id": None}, {"id": "1", "channel_id": town.general.id}, [], None, 7]
    for payload in odd:
        for event in ("MESSAGE_CREATE", "MESSAGE_UPDATE", "MESSAGE_DELETE_BULK", "GUILD_CREATE",
                      "THREAD_LIST_SYNC", "INTERACTION_CREATE", "SOMETHING_NEW"):  # fmt: skip
            frame = {"op": 0, "t": event, "s": 1, "d": payload}
            await discord.gateway.say_nonsense(json.dumps(frame))
    await discord.say(town.anna, town.general, town.mention("still there?"))
    await discord.messages.until(lambda: "still there?" in words([*core.kept.values()]))
    assert discord.gateway.log.count("connected") == 1


async def test_while_the_gateway_is_away_it_comes_back_and_answers_still_go_out(
    bot: DiscordAdapter, discord: DiscordServer, core: FakeCore, town: Town
) -> None:
    discord.gateway.refuse_with = 503
    discord.gateway.cut()
    await discord.gateway.happened("refused", 2)
    assert not bot.status.connected
    assert "gateway" in bot.status.problem
    await bot.deliver(post(town.main, "still here"))
    assert town.general.texts == ["still here"]
    discord.gateway.refuse_with = None
    await discord.gateway.happened("resumed")
    await heard(discord, core, town, 1)
    assert bot.status.problem == ""


async def test_start_returns_at_once_when_discord_is_down_and_connects_later(
    start: Start, discord: DiscordServer, core: FakeCore, town: Town
) -> None:
    discord.fail("GET", "/gateway/bot", Fault(status=502, html=True), times=2)
    bot = await start(wait=False)
    await discord.gateway.happened("ready")
    await heard(discord, core, town, 1)
    assert bot.status.connected


async def test_a_server_that_answers_nonsense_is_logged_with_its_place_in_the_code_once(
    discord: DiscordServer,
) -> None:
    discord.fail("GET", "/users/@me$", Fault(status=200, body="[7]"), times=2)
    with capture_logs() as logged:
        async with linked(discord, Telling()) as heard:
            await asyncio.wait_for(heard.wait(), 60)
    assert [one["event"] for one in logged].count("the connection to Discord broke") == 1


async def test_a_wrong_token_is_said_once_and_not_tried_for_ever(
    start: Start, discord: DiscordServer, town: Town
) -> None:
    bot = await start(token="old", wait=False)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(2):
            await bot.deliver(post(town.main, "nobody reads this"))
    assert "DISCORD_TOKEN" in bot.status.problem
    assert len(discord.calls) == 1
    assert discord.gateway.log == []


async def test_without_the_privileged_intent_it_connects_and_hears_mentions(
    start: Start, discord: DiscordServer, core: FakeCore, town: Town
) -> None:
    discord.flags = 0
    discord.gateway.granted = ~(1 << 15)
    await start()
    await heard(discord, core, town, 1)
    assert discord.gateway.log.count("identify") == 1


async def test_an_intent_that_was_taken_away_meanwhile_is_given_up(
    start: Start, discord: DiscordServer, core: FakeCore, town: Town
) -> None:
    discord.gateway.granted = ~(1 << 15)  # though the application says it has it
    await start()
    await heard(discord, core, town, 1)


@pytest.mark.parametrize(
    ("code", "words", "sessions"),
    [(4004, "DISCORD_TOKEN", 1), (4010, "no such shard", 1), (4012, "newer Thaw", 1),
     (4013, "no such intents", 1), (4014, "under Bot in the developer portal", 2)],
)  # fmt: skip
async def test_what_only_a_person_can_mend_is_told_and_not_tried_again_and_again(
    discord: DiscordServer, code: int, words: str, sessions: int
) -> None:
    discord.gateway.identified_with = code
    status = Telling()
    async with linked(discord, status):
        assert words in await asyncio.wait_for(status.told.get(), 60)
    assert discord.gateway.log.count("identify") == sessions


async def test_a_large_bot_keeps_a_connection_for_each_shard(
    start: Start, discord: DiscordServer, core: FakeCore, town: Town
) -> None:
    discord.shards = 2
    bot = await start(wait=False)
    await discord.gateway.happened("ready", 2)
    await heard(discord, core, town, 1)
    assert {session.shard for session in discord.gateway.sessions} == {(0, 2), (1, 2)}
    discord.gateway.cut()
    await discord.gateway.happened("resumed", 2)
    await heard(discord, core, town, 2)
    assert bot.status.connected


async def test_what_was_said_while_a_session_was_lost_is_read_afterwards(
    bot: DiscordAdapter, discord: DiscordServer, core: FakeCore, town: Town
) -> None:
    await heard(discord, core, town, 1)
    for session in discord.gateway.sessions:
        session.dead = True
    for number in (2, 3):
        await discord.say(town.anna, town.general, town.mention(f"word {number}"))
    discord.gateway.cut()
    assert words(await core.events(3)) == ["word 1", "word 2", "word 3"]


async def test_the_first_words_in_a_thread_of_the_bot_s_are_read_after_a_lost_session_too(
    bot: DiscordAdapter, discord: DiscordServer, core: FakeCore, town: Town
) -> None:
    await heard(discord, core, town, 1)
    thread = (await core.message()).thread
    await bot.deliver(post(thread, "the answer"))
    for session in discord.gateway.sessions:
        session.dead = True
    await discord.say(town.anna, discord.world.channels[thread.thread], "word 2")
    discord.gateway.cut()
    assert words(await core.events(2)) == ["word 1", "word 2"]


async def test_where_sessions_are_resumed_may_be_gone_for_good(
    start: Start, discord: DiscordServer, core: FakeCore, town: Town
) -> None:
    discord.gateway.resume_url = "ws://127.0.0.1:1/gone"
    await start(patience_s=60.0)
    discord.gateway.cut()
    await heard(discord, core, town, 1)
    assert discord.gateway.log.count("resumed") == 1
