import os
import shutil
import socket
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

from bot import doctor
from bot.config import (
    BotSettings,
    Config,
    ModelSettings,
    SkillSettings,
    SourceSettings,
    SubagentSettings,
    WebSettings,
)
from bot.doctor import examine
from bot.finding import Finding, Level
from bot.money_sections import BudgetSettings
from core.model.amounts import Limit
from core.state.control import Control
from core.subagents.sandbox import cgroup
from tests.emulators.model import ModelServer, Reply


def listed(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def written(path: bytes) -> None:
    """Make a file whose name need not be text."""
    Path(os.fsdecode(path)).write_text("x")


async def finding(config: Config, about: str) -> Finding:
    (found,) = [one for one in await examine(config) if one.about == about]
    return found


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    return Config(bot=BotSettings(data_dir=tmp_path / "data"), web=WebSettings(port=0))


@pytest.fixture
def without_programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine on which nothing is installed but what a test puts into this folder."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


async def test_looking_leaves_nothing_behind(
    config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    groups = cgroup.find()
    await examine(config)
    assert listed(tmp_path) == []
    if isinstance(groups, cgroup.Groups):
        assert not any(place.exists() for place in groups.places.values())


async def test_every_part_is_found_in_this_order(config: Config, tmp_path: Path) -> None:
    source = SourceSettings(name="logs", path=tmp_path)
    found = await examine(replace(config, sources=(source, source)))
    assert [one.about for one in found] == [
        "settings", "data", "model", "prices", "page", "sandbox", "budget", "source",
        "source",
    ]  # fmt: skip


async def test_the_models_server_is_asked(config: Config) -> None:
    async with ModelServer([], models=Reply(status=401, body="{}")) as server:
        model = ModelSettings(base_url=server.base_url)
        found = await finding(replace(config, model=model), "model")
    assert found.level is Level.PROBLEM
    assert "wants a key" in found.text


async def test_a_data_directory_in_use_names_the_bot(config: Config) -> None:
    assert (await finding(config, "data")).level is Level.OK
    control = await Control.open(config.bot.data_dir)
    found = await finding(config, "data")
    await control.close()
    assert found.level is Level.NOTE
    assert found.text.endswith(f"a bot uses it (pid {os.getpid()})")


async def test_a_newer_data_directory_is_a_problem(config: Config) -> None:
    control = await Control.open(config.bot.data_dir)
    await control.database.run(lambda tx: tx.execute("PRAGMA user_version = 999"))
    await control.close()
    found = await finding(config, "data")
    assert found.level is Level.PROBLEM
    assert "start the newer program" in found.text


async def test_a_data_directory_that_cannot_be_written_is_a_problem(config: Config) -> None:
    # Not by its mode, which does not bind root.
    found = await finding(replace(config, bot=BotSettings(data_dir=Path("/proc/thaw"))), "data")
    assert found.level is Level.PROBLEM
    assert found.advice


async def test_a_disk_that_is_nearly_full_is_noticed(
    config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "TOO_FULL", shutil.disk_usage(tmp_path).total)
    found = await finding(config, "data")
    assert found.level is Level.NOTE
    assert "make room" in found.advice


@pytest.mark.parametrize(
    ("host", "family"), [("127.0.0.1", socket.AF_INET), ("::1", socket.AF_INET6)]
)
async def test_a_port_in_use_names_the_program(
    config: Config, host: str, family: socket.AddressFamily
) -> None:
    with socket.socket(family) as other:
        other.bind((host, 0))
        other.listen()
        web = WebSettings(host=host, port=other.getsockname()[1])
        found = await finding(replace(config, web=web), "page")
    assert found.level is Level.PROBLEM
    assert found.text.endswith(f"(pid {os.getpid()})")
    assert "[web] port" in found.advice


async def test_the_port_of_the_bot_that_runs_is_fine(config: Config) -> None:
    control = await Control.open(config.bot.data_dir)
    with socket.socket() as page:
        page.bind(("127.0.0.1", 0))
        page.listen()
        web = WebSettings(port=page.getsockname()[1])
        found = await finding(replace(config, web=web), "page")
    await control.close()
    assert found.level is Level.OK
    assert found.text.endswith(f"served by the bot that runs (pid {os.getpid()})")


async def test_an_address_of_another_machine_cannot_be_used(config: Config) -> None:
    found = await finding(replace(config, web=WebSettings(host="192.0.2.1", port=8484)), "page")
    assert found.level is Level.PROBLEM
    assert "cannot be used" in found.text


async def test_without_bubblewrap_jobs_lack_their_commands(
    config: Config, without_programs: Path
) -> None:
    found = await finding(config, "sandbox")
    assert found.level is Level.NOTE
    assert "bubblewrap is not installed: install bubblewrap" in found.text
    assert "without shell and python" in found.text


async def test_a_missing_bubblewrap_is_a_problem_if_it_is_demanded(
    config: Config, without_programs: Path
) -> None:
    demanded = replace(config, subagents=SubagentSettings(sandbox="bubblewrap"))
    found = await finding(demanded, "sandbox")
    assert found.level is Level.PROBLEM
    assert found.text.startswith("no job can run: bubblewrap is not installed")


async def test_a_bubblewrap_that_does_not_work_is_found_out(
    config: Config, without_programs: Path
) -> None:
    program = without_programs / "bwrap"
    program.write_text(
        "#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1\n"
    )
    program.chmod(0o755)
    found = await finding(config, "sandbox")
    assert found.level is Level.NOTE
    assert "No permissions to create new namespace" in found.text
    assert "allow unprivileged user namespaces" in found.text


@pytest.mark.needs_system("bubblewrap")
async def test_a_bubblewrap_that_works_says_what_bounds_jobs(config: Config) -> None:
    found = await finding(config, "sandbox")
    assert found.text.startswith("bubblewrap works; ")
    bounded = isinstance(cgroup.find(), cgroup.Groups)
    assert found.level is (Level.OK if bounded else Level.NOTE)


async def test_a_sandbox_that_isolates_nothing_says_so(config: Config) -> None:
    open_one = replace(config, subagents=SubagentSettings(sandbox="process"))
    found = await finding(open_one, "sandbox")
    assert found.level is Level.NOTE
    assert "can do all that it can" in found.text


async def test_a_budget_without_a_limit_over_time_is_mentioned(config: Config) -> None:
    assert (await finding(config, "budget")).level is Level.NOTE
    budget = BudgetSettings(per_month=Limit(tokens=5_000_000), per_person_day=Limit(nanos=10**9))
    limited = await finding(replace(config, budget=budget), "budget")
    assert limited.level is Level.OK
    assert limited.text == (
        "2,000,000 tokens a job; $1.00 a person a day; 5,000,000 tokens a month"
    )


async def test_sources_are_counted(config: Config, tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    (folder / "deep").mkdir(parents=True)
    for name in ("a.log", "deep/b.log"):
        (folder / name).write_text("x")
    source = SourceSettings(name="logs", path=folder)
    found = await finding(replace(config, sources=(source,)), "source")
    assert (found.level, found.text) == (Level.OK, f"logs: {folder}, 2 files")


async def test_what_of_a_source_cannot_be_read_is_named(config: Config, tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    (folder / "a.log").write_text("x")
    written(bytes(folder) + b"/\xff.log")
    source = SourceSettings(name="logs", path=folder)
    found = await finding(replace(config, sources=(source,)), "source")
    assert found.level is Level.NOTE
    assert found.text.endswith("2 files, of which 1 cannot be read, \\xff.log for one")


async def test_a_source_that_is_gone_is_a_problem(config: Config, tmp_path: Path) -> None:
    source = SourceSettings(name="logs", path=tmp_path / "gone")
    found = await finding(replace(config, sources=(source,)), "source")
    assert found.level is Level.PROBLEM
    assert "cannot be read" in found.text


async def test_skills_are_named_and_bad_ones_told(config: Config, tmp_path: Path) -> None:
    for name, text in (("a", "---\nname: notes\ndescription: x\n---\n"), ("b", "no head")):
        (tmp_path / "skills" / name).mkdir(parents=True)
        (tmp_path / "skills" / name / "SKILL.md").write_text(text)
    skills = (SkillSettings(path=tmp_path / "skills"),)
    found = await finding(replace(config, skills=skills), "skills")
    assert (found.level, found.text) == (Level.OK, "notes")
    bad = await finding(replace(config, skills=skills), "skill")
    assert bad.level is Level.NOTE
    assert str(tmp_path / "skills" / "b" / "SKILL.md") in bad.text


async def test_a_source_without_end_is_not_counted_to_it(
    config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "MOST_FILES", 3)
    for number in range(10):
        (tmp_path / f"{number}.log").write_text("x")
    source = SourceSettings(name="logs", path=tmp_path)
    found = await finding(replace(config, sources=(source,)), "source")
    assert found.text.endswith("more than 3 files")
