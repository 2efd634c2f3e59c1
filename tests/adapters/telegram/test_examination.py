import time
from dataclasses import replace
from types import SimpleNamespace

import pytest

from adapters.examined import Examined
from adapters.telegram.examination import examine
from adapters.telegram.settings import TelegramSettings
from tests.emulators.telegram import Fault, TelegramServer
from tests.emulators.telegram.server import TOKEN


@pytest.fixture
def settings(server: TelegramServer, monkeypatch: pytest.MonkeyPatch) -> TelegramSettings:
    monkeypatch.setenv("TELEGRAM_SECRET", "long-and-random")
    return TelegramSettings(api_url=server.url)


@pytest.fixture
def hooked(settings: TelegramSettings) -> TelegramSettings:
    return replace(settings, mode="webhook", webhook_url="https://bot.example.org/telegram")


async def bad(settings: TelegramSettings) -> list[Examined]:
    """What is not well."""
    return [one for one in await examine(settings) if one.level != "ok"]


async def test_a_sound_bot_is_found_sound(settings: TelegramSettings) -> None:
    found = await examine(settings)
    assert [one.level for one in found] == ["ok"] * 3
    assert found[0].text == "the bot is @ThawTestBot"


async def test_a_bot_that_reads_all_is_noted_with_what_to_click(
    server: TelegramServer, settings: TelegramSettings
) -> None:
    server.methods.privacy = False
    [found] = await bad(settings)
    assert (found.level, "/setprivacy" in found.advice) == ("note", True)


async def test_a_webhook_in_the_way_of_polling_is_told_without_its_path(
    server: TelegramServer, settings: TelegramSettings
) -> None:
    server.updates.webhook = {"url": "https://other.example.org/its-secret"}
    [found] = await bad(settings)
    assert found.level == "note"
    assert "other.example.org" in found.text
    assert "its-secret" not in found.text


async def test_in_webhook_mode_the_state_of_the_webhook_is_told(
    server: TelegramServer, hooked: TelegramSettings
) -> None:
    [unset] = await bad(hooked)
    assert (unset.level, unset.text) == ("note", "no webhook is set yet")
    server.updates.webhook = {"url": hooked.webhook_url}
    assert await bad(hooked) == []
    server.updates.webhook["last_error_date"] = int(time.time())
    server.updates.webhook["last_error_message"] = "Connection refused"
    [failing] = await bad(hooked)
    assert failing.level == "problem"
    assert "Connection refused" in failing.text


async def test_a_secret_that_telegram_does_not_take_is_a_problem_before_anything_is_asked(
    server: TelegramServer, hooked: TelegramSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TELEGRAM_SECRET", "two words")
    [found] = await bad(hooked)
    assert "TELEGRAM_SECRET" in found.text
    assert server.calls == []


async def test_a_token_that_telegram_does_not_know_is_a_problem_and_never_shown(
    server: TelegramServer, settings: TelegramSettings
) -> None:
    server.revoked = True
    [found] = await bad(settings)
    assert (found.level, "@BotFather" in found.advice) == ("problem", True)
    assert TOKEN not in found.text + found.advice


@pytest.mark.parametrize("fault", [Fault(status=502, html=True), Fault(lost=True)])
async def test_a_server_that_is_not_telegram_is_told_without_the_token(
    server: TelegramServer, settings: TelegramSettings, fault: Fault
) -> None:
    server.faults.plan("getMe", fault)
    [found] = await bad(settings)
    assert (found.level, "api_url" in found.advice) == ("problem", True)
    assert TOKEN not in found.text + found.advice


async def test_a_server_that_is_away_is_told(
    server: TelegramServer, settings: TelegramSettings
) -> None:
    await server.close()
    [found] = await bad(settings)
    assert "does not answer as Telegram does" in found.text
    assert TOKEN not in found.text


async def test_a_clock_that_is_wrong_is_told(
    settings: TelegramSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    ahead = SimpleNamespace(time=lambda: time.time() + 3600)
    monkeypatch.setattr("adapters.examined.time", ahead)
    [found] = await bad(settings)
    assert "s ahead" in found.text
    assert "timedatectl" in found.advice
