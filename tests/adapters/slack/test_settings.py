import subprocess
import sys

import pytest

from adapters.slack import SlackAdapter, SlackSettings
from core.errors import ThawError
from tests.adapters.slack.fake_core import FakeCore, FakePlaces


def test_every_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SLACK_BOT_TOKEN", raising=False)
    monkeypatch.setenv("SLACK_APP_TOKEN", "xoxb-mixed-up")
    wrong = "\n".join(SlackSettings(api_url="slack.com/api", path="events").wrong())
    for name in ("bot_token_env", "app_token_env", "api_url", "path"):
        assert f"[slack] {name}:" in wrong
    assert "mixed-up" not in wrong


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
