import os
import socket
from pathlib import Path

from bot.addresses import Address, address_findings
from bot.finding import Level
from bot.platform_checks import platform_addresses
from bot.platform_sections import DiscordSection, Platforms, SlackSection, TelegramSection


def free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


def test_where_a_platform_s_requests_are_awaited_is_tried(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        platforms = Platforms(
            slack=SlackSection(mode="http", port=other.getsockname()[1]),
            telegram=TelegramSection(mode="webhook", port=free_port()),
        )
        slack, telegram = address_findings(platform_addresses(platforms), tmp_path)
    assert (slack.level, slack.about) == (Level.PROBLEM, "slack")
    assert f"/slack/events is in use by {_name()} (pid {os.getpid()})" in slack.text
    assert slack.advice == "end that program, or set [slack] port to another number"
    assert (telegram.level, telegram.about) == (Level.OK, "telegram")


def test_platforms_that_are_called_by_nobody_have_no_address() -> None:
    assert not platform_addresses(
        Platforms(slack=SlackSection(), discord=DiscordSection(), telegram=TelegramSection())
    )


def test_one_port_for_two_is_told_before_the_second_fails(tmp_path: Path) -> None:
    port = free_port()
    page = Address(about="page", section="[web]", host="127.0.0.1", port=port)
    slack = Address(about="slack", section="[slack]", host="127.0.0.1", port=port, path="/x")
    first, second = address_findings([page, slack], tmp_path)
    assert first.level is Level.OK
    assert (second.level, second.about) == (Level.PROBLEM, "slack")
    assert second.text == f"http://127.0.0.1:{port}/x has the port of [web] too"
    assert second.advice == "set [slack] port to another number"


def test_any_free_port_is_free_for_two(tmp_path: Path) -> None:
    one = Address(about="page", section="[web]", host="127.0.0.1", port=0)
    assert [found.level for found in address_findings([one, one], tmp_path)] == [Level.OK] * 2


def _name() -> str:
    return Path("/proc/self/comm").read_text("utf-8").strip()
