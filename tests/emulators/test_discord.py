"""The emulator refuses what Discord refuses: else tests against it prove nothing."""

import time
from collections.abc import AsyncIterator

import aiohttp
import pytest

from tests.emulators.discord import interactions
from tests.emulators.discord.server import TOKEN, DiscordServer
from tests.emulators.discord.world import Channel, User


@pytest.fixture
async def discord() -> AsyncIterator[DiscordServer]:
    async with DiscordServer() as server:
        yield server


@pytest.fixture
def channel(discord: DiscordServer) -> Channel:
    return discord.world.channel(discord.world.guild())


async def asked(
    discord: DiscordServer, method: str, path: str, body: object = None, token: str = TOKEN
) -> tuple[int, dict[str, object], dict[str, str]]:
    headers = {"Authorization": f"Bot {token}"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.request(method, discord.api_url + path, json=body) as answer,
    ):
        found = await answer.json() if answer.status != 204 else {}
        return answer.status, found, dict(answer.headers)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"content": ""}, 50006),
        ({"content": "\u200b"}, 50006),
        ({"content": "x" * 2001}, 50035),
        ({"content": "👍" * 1001}, 50035),
        ({"content": "x", "nonce": "n" * 26}, 50035),
        ({"content": "x", "nonsense": 1}, 50035),
        ({"embeds": [{"title": "x" * 257}]}, 50035),
        ({"content": "x", "components": [{"type": 1, "components": []}]}, 50035),
    ],
)
async def test_bad_messages_are_refused_with_discord_s_codes(
    discord: DiscordServer, channel: Channel, body: dict[str, object], code: int
) -> None:
    status, answer, _ = await asked(discord, "POST", f"/channels/{channel.id}/messages", body)
    assert (status, answer["code"]) == (400, code)
    assert channel.texts == []


async def test_a_nonce_that_was_used_brings_the_earlier_message(
    discord: DiscordServer, channel: Channel
) -> None:
    path = f"/channels/{channel.id}/messages"
    first = {"content": "one", "nonce": "7", "enforce_nonce": True}
    _, one, _ = await asked(discord, "POST", path, first)
    _, two, _ = await asked(discord, "POST", path, first | {"content": "two"})
    assert (two["id"], two["content"]) == (one["id"], "one")
    await asked(discord, "POST", path, {"content": "two", "nonce": "7"})
    assert channel.texts == ["one", "two"]


async def test_a_channel_s_limit_is_held_and_breaking_it_recorded(
    discord: DiscordServer, channel: Channel
) -> None:
    path = f"/channels/{channel.id}/messages"
    left = []
    for number in range(5):
        status, _, headers = await asked(discord, "POST", path, {"content": f"{number}"})
        assert status == 200
        left.append(headers["X-RateLimit-Remaining"])
    assert left == ["4", "3", "2", "1", "0"]
    assert discord.limits.violations == []
    status, answer, headers = await asked(discord, "POST", path, {"content": "too much"})
    assert status == 429
    assert answer["global"] is False
    assert 0 < float(headers["Retry-After"]) <= 5
    assert len(discord.limits.violations) == 1
    assert len(channel.texts) == 5


async def test_the_limit_of_the_whole_bot_is_held(discord: DiscordServer) -> None:
    discord.limits.everywhere = 3
    statuses = [(await asked(discord, "GET", "/users/@me"))[0] for _ in range(5)]
    assert statuses == [200, 200, 200, 429, 429]


async def test_a_wrong_token_and_unknown_things_are_refused(
    discord: DiscordServer, channel: Channel
) -> None:
    assert (await asked(discord, "GET", "/users/@me", token="old"))[0] == 401
    path = f"/channels/{channel.id}/messages/5"
    assert (await asked(discord, "PATCH", path, {"content": "x"}))[1]["code"] == 10008
    assert (await asked(discord, "GET", "/channels/5"))[1]["code"] == 10003


async def test_an_interaction_is_answered_once_and_in_time(
    discord: DiscordServer, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna: User = discord.world.person("Anna")

    async def respond(made: interactions.Interaction) -> tuple[int, dict[str, object]]:
        path = f"/interactions/{made.id}/{made.token}/callback"
        status, answer, _ = await asked(discord, "POST", path, {"type": 6})
        return status, answer

    message = await discord.say(anna, channel, "x")
    made = await discord.interactions.press(anna, message, "thaw:!stop.1")
    assert (await respond(made))[0] == 204
    assert (await respond(made))[1]["code"] == 40060
    monkeypatch.setattr(interactions, "DEADLINE_S", 0.0)
    late = await discord.interactions.press(anna, message, "thaw:!stop.1")
    assert (await respond(late))[1]["code"] == 10062


async def test_the_gateway_knows_its_tokens_sessions_and_order(discord: DiscordServer) -> None:
    async def first(op: int, data: dict[str, object]) -> object:
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(discord.gateway_url) as socket,
        ):
            assert (await socket.receive_json())["op"] == 10
            await socket.send_json({"op": op, "d": data})
            answer = await socket.receive()
            return answer.json() if answer.type is aiohttp.WSMsgType.TEXT else socket.close_code

    assert await first(2, {"token": "old", "intents": 0}) == 4004
    assert await first(3, {}) == 4003
    gone = {"token": TOKEN, "session_id": "x", "seq": 1}
    assert await first(6, gone) == {"op": 9, "d": False}
    discord.gateway.granted = 1
    assert await first(2, {"token": TOKEN, "intents": 1 << 15}) == 4014
    began = time.monotonic()
    ready = await first(2, {"token": TOKEN, "intents": 1})
    assert isinstance(ready, dict)
    assert ready["t"] == "READY"
    assert time.monotonic() - began < 5
