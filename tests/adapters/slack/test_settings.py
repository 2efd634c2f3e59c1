import subprocess
import sys

import pytest

from adapters.slack.adapter import SlackAdapter
from adapters.slack.settings import SlackSettings
from core.errors import ThawError
from tests.adapters.slack.fake_core import FakeCore, FakePlaces


def test_each_token_that_is_none_is_named_with_where_to_get_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("SLACK_BOT_TOKEN", raising=False)
    monkeypatch.setenv("SLACK_APP_TOKEN", "xoxb-mixed-up")
    bot, app = SlackSettings().wrong()
    assert bot.startswith("[slack] bot_token_env: the environment variable SLACK_BOT_TOKEN")
    assert bot.endswith("Install App, Bot User OAuth Token")
    assert app.startswith("[slack] app_token_env: the environment variable SLACK_APP_TOKEN")
    assert "mixed-up" not in app


@pytest.mark.parametrize("token", ["xoxb-two words", "xoxb-tökén", "xoxb-1\x1b"])
def test_a_token_that_cannot_stand_in_a_header_is_none(
    monkeypatch: pytest.MonkeyPatch, token: str
) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", token)
    monkeypatch.setenv("SLACK_APP_TOKEN", "xapp-1")
    assert ["bot_token_env" in line for line in SlackSettings().wrong()] == [True]


def test_each_mode_asks_for_its_own_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-1")
    monkeypatch.delenv("SLACK_APP_TOKEN", raising=False)
    monkeypatch.delenv("SLACK_SIGNING_SECRET", raising=False)
    assert ["app_token_env" in line for line in SlackSettings().wrong()] == [True]
    wrong = SlackSettings(mode="http").wrong()
    assert ["signing_secret_env" in line for line in wrong] == [True]


def test_an_adapter_without_tokens_is_not_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SLACK_BOT_TOKEN", raising=False)
    core = FakeCore()
    with pytest.raises(ThawError, match="SLACK_BOT_TOKEN"):
        SlackAdapter(SlackSettings(), core, core, FakePlaces(), core)


def test_the_rest_of_the_program_does_not_load_the_library() -> None:
    code = "import bot.wiring, sys; print([m for m in sys.modules if m.startswith('slack')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
