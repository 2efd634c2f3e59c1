"""A job that wants what is marked, as a person on the page sees it: across a kill of the bot."""

from pathlib import Path

import pytest

from tests.harness.play import Play, finish, shell, starting
from tests.harness.room import room

pytestmark = pytest.mark.needs_system("bubblewrap")
MARKED = '[approvals]\ntools = ["shell"]\ncommands = ["rm"]\n'


async def test_a_request_for_leave_survives_a_kill_and_runs_once_it_is_given(
    tmp_path: Path,
) -> None:
    part = [shell("echo kept > a; ls"), shell("rm a && echo gone"), finish("tidied")]
    play = Play({"go": starting("tidy")}, {"tidy": part})
    async with room(tmp_path, play, more=MARKED) as r:
        await r.page.ask("go")
        await r.page.card(1, lambda card: card.state == "waiting")
        await r.bot.kill()
        await r.bot.nothing_left()
        await r.bot.start()
        await r.page.connected()
        assert "goes on" in (await r.page.ask("/allow 1")).text
        assert (await r.page.result(1)).text == "tidied"
    told = [str(message["content"]) for message in play.of_job("tidy")[-1].messages]
    assert any("gone" in text for text in told)
    # The model was asked for each step once, before and after the kill.
    assert len(play.of_job("tidy")) == 3
