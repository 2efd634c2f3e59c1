import subprocess
import sys

import pytest

from adapters.telegram.settings import TelegramSettings


@pytest.mark.parametrize("token", ["", "XYZ", "4242:", "4242:a/../b", "4242:a b", ":abc"])
def test_what_is_no_token_is_told_with_its_variable_and_never_repeated(
    monkeypatch: pytest.MonkeyPatch, token: str
) -> None:
    monkeypatch.setenv("TELEGRAM_TOKEN", token)
    (line,) = TelegramSettings().wrong()
    assert line.startswith("[telegram] token_env: the environment variable TELEGRAM_TOKEN")
    assert "@BotFather" in line
    assert not token or token not in line


def test_a_webhook_needs_its_address_and_a_secret_that_telegram_takes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TELEGRAM_TOKEN", "4242:AAE")
    monkeypatch.setenv("TELEGRAM_SECRET", "two words")
    address, secret = TelegramSettings(mode="webhook").wrong()
    assert address.startswith("[telegram] webhook_url: must be set")
    assert secret.startswith("[telegram] secret_env: the environment variable TELEGRAM_SECRET")
    monkeypatch.setenv("TELEGRAM_SECRET", "long-and_random1")
    assert TelegramSettings(mode="webhook", webhook_url="https://x").wrong() == ()
    assert TelegramSettings().wrong() == ()


def test_the_library_is_not_loaded_where_telegram_is_not_configured() -> None:
    code = (
        "import sys, adapters.telegram.settings as s, bot.cli;"
        "print([name for name in sys.modules if name.split('.')[0] in ('telegram', 'httpx')])"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"
