from dataclasses import replace

import pytest

from adapters.slack.examination import NEEDED, WANTED, examine
from adapters.slack.settings import SlackSettings
from tests.adapters.slack.test_manifest import MANIFEST
from tests.emulators.slack import Fault, SlackServer


async def test_a_sound_app_is_found_sound(slack: SlackServer, settings: SlackSettings) -> None:
    found = await examine(settings)
    assert all(one.level == "ok" for one in found), found
    assert "the bot is @thaw in the workspace Thawing" in [one.text for one in found]


async def test_a_scope_that_is_not_granted_is_named_with_what_it_costs(
    slack: SlackServer, settings: SlackSettings
) -> None:
    slack.scopes = tuple(scope for scope in slack.scopes if scope != "files:read")
    [bad] = [one for one in await examine(settings) if one.level != "ok"]
    assert "files:read" in bad.text
    assert "files that people send" in bad.text
    assert "install the app again" in bad.advice
    assert bad.level == "note"


async def test_scopes_are_read_with_blanks_between_them_and_not_guessed_where_none_are_told(
    slack: SlackServer, settings: SlackSettings
) -> None:
    slack.scope_mark = ", "
    assert "all scopes are granted" in [one.text for one in await examine(settings)]
    slack.scopes = ()
    [bad] = [one for one in await examine(settings) if one.level != "ok"]
    assert (bad.level, "does not say" in bad.text) == ("note", True)


async def test_without_a_scope_that_everything_needs_the_bot_is_no_use(
    slack: SlackServer, settings: SlackSettings
) -> None:
    slack.scopes = tuple(scope for scope in slack.scopes if scope != "chat:write")
    [bad] = [one for one in await examine(settings) if one.level != "ok"]
    assert (bad.level, "chat:write" in bad.text) == ("problem", True)


async def test_a_dead_token_and_a_dead_app_token_are_told_apart(
    slack: SlackServer, settings: SlackSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLACK_APP_TOKEN", "xapp-other")
    [bad] = [one for one in await examine(settings) if one.level != "ok"]
    assert "app token: invalid_auth" in bad.text
    assert "SLACK_APP_TOKEN" in bad.advice
    slack.revoked = True
    [bad] = await examine(settings)
    assert "the bot's token: token_revoked" in bad.text
    assert "SLACK_BOT_TOKEN" in bad.advice


async def test_a_person_s_token_is_no_bot_s(slack: SlackServer, settings: SlackSettings) -> None:
    slack.workspace.bot_id = ""
    [bad] = [one for one in await examine(settings) if one.level != "ok"]
    assert bad.level == "problem"
    assert "Bot User OAuth Token" in bad.advice


@pytest.mark.parametrize("fault", [Fault(kind="html", status=200), Fault(kind="abort")])
async def test_a_server_that_is_not_slack_is_told(
    slack: SlackServer, settings: SlackSettings, fault: Fault
) -> None:
    slack.faults.add("auth.test", fault)
    [bad] = await examine(settings)
    assert "cannot be reached" in bad.text


async def test_missing_tokens_need_no_network(
    settings: SlackSettings, slack: SlackServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SLACK_BOT_TOKEN")
    [bad] = await examine(replace(settings))
    assert "bot_token_env" in bad.text
    assert slack.calls.total() == 0


def test_what_is_checked_is_what_the_manifest_asks_for() -> None:
    assert {*NEEDED, *WANTED} == set(MANIFEST["oauth_config"]["scopes"]["bot"])
