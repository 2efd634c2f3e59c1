"""What jobs run in: without bubblewrap, without isolation, and misbehaving inside."""

import os
from pathlib import Path

import pytest

from tests.harness import processes
from tests.harness.bot import BotProcess, EndedAtStart
from tests.harness.play import Play, finish, shell, starting, write
from tests.harness.room import room


@pytest.fixture
def without_bubblewrap(tmp_path: Path) -> dict[str, str]:
    """An environment with all programs but bwrap on its PATH."""
    folder = tmp_path / "programs"
    folder.mkdir()
    for place in os.environ["PATH"].split(os.pathsep):
        if not Path(place).is_dir():
            continue
        for program in Path(place).iterdir():
            link = folder / program.name
            if program.name != "bwrap" and not link.exists():
                link.symlink_to(program)
    return {"PATH": str(folder)}


async def test_without_bubblewrap_jobs_have_no_shell_and_it_is_said(
    tmp_path: Path, without_bubblewrap: dict[str, str]
) -> None:
    play = Play(
        {"go": starting("try shell")},
        {"try shell": [shell("id"), write("a.txt", "a"), finish("no shell", "a.txt")]},
    )
    async with room(tmp_path, play, environment=without_bubblewrap) as r:
        assert "bubblewrap" in r.bot.log()
        await r.page.ask("go")
        result = await r.page.result(1)
        assert result.text == "no shell"
        assert result.files == ("a.txt",)
        first, second = play.of_job("try shell")[:2]
        assert not {"shell", "python"} & first.tools
        assert "bubblewrap" in str(first.messages[0])
        assert "rror" in second.messages[-1]["content"]
        assert "uid=" not in second.messages[-1]["content"]


async def test_a_bot_told_to_use_bubblewrap_does_not_start_without_it(
    tmp_path: Path, without_bubblewrap: dict[str, str]
) -> None:
    sections = {"subagents": {"sandbox": "bubblewrap"}}
    async with BotProcess(tmp_path, sections=sections, environment=without_bubblewrap) as bot:
        with pytest.raises(EndedAtStart, match="bubblewrap") as ended:
            await bot.start()
        assert ended.value.code == 1
        assert "Traceback" not in ended.value.said


MISDEEDS = {
    "fork bomb": ("b() { b | b & }; b; sleep 5", ""),
    "memory": ("head -c 2G /dev/zero | tail", ""),
    "disk": ("for i in 1 2 3 4 5 6 7 8; do head -c 20M /dev/zero > big$i; done; sleep 20", ""),
    "daemon": ("setsid sh -c 'sleep 600 & sleep 600' >/dev/null 2>&1 & echo started", ""),
    "odd files": ("ln -s /etc/passwd link; mkfifo fifo; echo fine > fine.txt", "fine.txt"),
}


@pytest.mark.needs_system("bubblewrap")
@pytest.mark.parametrize("misdeed", list(MISDEEDS))
async def test_a_job_that_misbehaves_ends_and_leaves_nothing_behind(
    tmp_path: Path, misdeed: str
) -> None:
    command, product = MISDEEDS[misdeed]
    play = Play({"go": starting("misbehave")}, {"misbehave": [shell(command), finish("ended")]})
    limits = {"memory_mb": 128, "processes": 32, "disk_mb": 32, "timeout_s": 30}
    async with room(tmp_path, play, sections={"subagents": limits}) as r:
        await r.page.ask("go")
        result = await r.page.result(1)
        assert "ended" in result.text or "failed" in result.text
        assert "/jobs" in (await r.page.ask("/help")).text
        await r.page.card(1, lambda card: card.ended)
        await nothing_of_jobs(r.bot)
        shown = [entry["key"] for entry in (await r.page.look("state"))["files"]]
        assert shown == ([product] if product else [])


@pytest.mark.needs_system("bubblewrap")
async def test_a_job_sees_no_key_no_network_and_nothing_of_the_host(tmp_path: Path) -> None:
    spy = (
        "env; id -u; cat /proc/1/environ | tr '\\0' '\\n'; ls /root /home /tmp; "
        "cat /proc/net/dev; ls /workspace/.."
    )
    play = Play({"go": starting("spy")}, {"spy": [shell(spy), finish("spied")]})
    async with room(tmp_path, play, environment={"OPENAI_API_KEY": "sk-very-secret"}) as r:
        await r.page.ask("go")
        await r.page.result(1)
        seen = play.of_job("spy")[1].messages[-1]["content"]
        assert "sk-very-secret" not in seen
        assert r.bot.mark not in seen
        assert "eth0" not in seen
        assert "1000" in seen


@pytest.mark.needs_system("bubblewrap")
@pytest.mark.parametrize("text", ["", "x" * 3_000_000])
async def test_output_of_any_size_is_told_within_bounds(tmp_path: Path, text: str) -> None:
    command = f"head -c {len(text)} /dev/zero | tr '\\0' x"
    play = Play({"go": starting("shout")}, {"shout": [shell(command), finish("shouted")]})
    async with room(tmp_path, play) as r:
        await r.page.ask("go")
        await r.page.result(1)
        assert len(play.of_job("shout")[1].messages[-1]["content"]) < 60_000


async def nothing_of_jobs(bot: BotProcess) -> None:
    """No process is left that has a workspace of this bot."""
    await processes.gone(f"{bot.mark}/data/jobs", 60.0)
