import pytest

from adapters.slack.examination import examine
from adapters.slack.proxy import proxy_for
from adapters.slack.settings import SlackSettings
from tests.adapters.slack.conftest import Running, connected
from tests.emulators.slack import SlackServer

NOBODY = "http://127.0.0.1:9"


@pytest.fixture
def proxied(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", NOBODY)
    monkeypatch.setenv("https_proxy", f"{NOBODY}/https")
    monkeypatch.setenv("no_proxy", "127.0.0.1,.example.org")


def test_the_proxy_is_that_of_the_address(proxied: None) -> None:
    assert proxy_for("https://slack.com/api/") == f"{NOBODY}/https"
    assert proxy_for("http://slack.com/api/") == NOBODY
    assert proxy_for("http://127.0.0.1:8080/api/") is None
    assert proxy_for("https://slack.example.org/api/") is None


def test_without_a_proxy_there_is_none(proxied: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("http_proxy")
    monkeypatch.delenv("https_proxy")
    assert proxy_for("https://slack.com/api/") is None


async def test_a_slack_that_needs_no_proxy_is_reached_without_it(
    proxied: None, running: Running, slack: SlackServer, settings: SlackSettings
) -> None:
    assert all(one.level == "ok" for one in await examine(settings))
    await running.again()
    await connected(slack)
