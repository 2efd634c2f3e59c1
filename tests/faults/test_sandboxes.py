"""A sandbox that cannot start any more while the bot runs: people are told, jobs go on later."""

import os
import shutil
import signal
from contextlib import suppress
from pathlib import Path

import pytest

from tests.emulators.script import Received, Reply
from tests.harness import processes
from tests.harness.bot import BotProcess
from tests.harness.play import Play, finish, say, shell, starting
from tests.harness.room import room

pytestmark = pytest.mark.needs_system("bubblewrap")

REFUSES = "#!/bin/sh\necho 'bwrap: no permission for that today' >&2\nexit 1\n"


async def test_a_job_waits_while_no_sandbox_starts_and_goes_on_when_one_does(
    tmp_path: Path,
) -> None:
    real = shutil.which("bwrap")
    assert real is not None
    bwrap = tmp_path / "bin" / "bwrap"
    bwrap.parent.mkdir()
    bwrap.symlink_to(real)
    path = {"PATH": f"{bwrap.parent}{os.pathsep}{os.environ['PATH']}"}
    # A job that sees what only this channel sees takes no sandbox that was started ahead.
    (tmp_path / "logs").mkdir()
    more = f'[[sources]]\nname = "ci"\npath = "{tmp_path}/logs"\nchannels = ["web/local/general"]\n'
    play = Play({"go": starting("work"), "hello": [say("hi")]}, {"work": [finish("done")]})
    async with room(tmp_path, play, more=more, environment=path) as r:
        bwrap.unlink()
        bwrap.write_text(REFUSES)
        bwrap.chmod(0o755)
        await r.page.ask("go")
        await r.page.until(lambda: r.page.troubles != [])
        assert "Job 1 has to wait and will go on" in r.page.troubles[0]
        assert "no permission for that today" in r.page.troubles[0]
        assert (await r.page.ask("hello")).text == "hi"
        bwrap.unlink()
        bwrap.symlink_to(real)
        assert (await r.page.result(1)).text == "done"


def kill_sandboxes(bot: BotProcess) -> None:
    """What the kernel does when memory runs out."""
    for pid in processes.marked(bot.mark):
        if pid != bot.pid:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


async def test_a_job_whose_sandbox_is_killed_goes_on_and_the_second_time_is_stopped(
    tmp_path: Path,
) -> None:
    asked: list[Received] = []

    def script(received: Received) -> Reply:
        if "finish" not in received.tools:
            return starting("work")[min(received.stage, 1)]
        asked.append(received)
        return shell("sleep 600")

    async with room(tmp_path, script) as r:
        await r.page.ask("go")
        for times in (1, 2):
            await r.page.until(lambda: len(asked) == times)  # noqa: B023 - at once
            await r.page.card(1, lambda card: "sleep" in card.step)
            kill_sandboxes(r.bot)
        result = await r.page.result(1)
        assert "it broke its sandbox down twice" in result.text
        assert "signal 9" in result.text
        told = str(asked[-1].messages)
        assert "Your sandbox broke down" in told
        assert "this call was interrupted" in told
