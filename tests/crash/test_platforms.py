"""The bot is killed while it serves Slack, Discord and Telegram at once, also while it recovers:
what people there see is what they asked for, once. Hundreds of such rounds are in tests/chaos."""

from pathlib import Path

import pytest

from tests.harness.town_lives import killed_at, killed_at_random

pytestmark = pytest.mark.needs_system("bubblewrap")


@pytest.mark.parametrize("points", [("outbox.sent:4", "step.begun:3")])
async def test_a_kill_there_and_twice_in_the_recovery_is_seen_by_nobody(
    tmp_path: Path, points: tuple[str, ...]
) -> None:
    assert await killed_at(tmp_path, points) == ""


@pytest.mark.parametrize("seed", [1])
async def test_kills_at_random_are_seen_by_nobody(tmp_path: Path, seed: int) -> None:
    assert await killed_at_random(tmp_path, seed, 3) == ""
