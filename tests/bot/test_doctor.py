import socket
from dataclasses import replace
from pathlib import Path

import pytest

from bot.config import (
    BotSettings,
    BudgetSettings,
    Config,
    ModelSettings,
    SourceSettings,
    SubagentSettings,
    WebSettings,
)
from bot.doctor import Finding, Level, examine


def finding(config: Config, about: str) -> Finding:
    (found,) = [one for one in examine(config) if one.about == about]
    return found


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return Config(bot=BotSettings(data_dir=tmp_path / "data"), web=WebSettings(port=0))


@pytest.fixture
def without_programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine on which nothing is installed but what a test puts into this folder."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def test_looking_creates_nothing(config: Config) -> None:
    assert finding(config, "data").level is Level.OK
    assert not config.bot.data_dir.exists()


def test_a_finding_is_a_line_and_its_advice_another() -> None:
    found = Finding(level=Level.NOTE, about="page", text="in use", advice="do this")
    assert str(found) == "note     page      in use\n                   -> do this"


def test_without_a_key_the_offline_model_is_announced(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    found = finding(config, "model")
    assert found.level is Level.NOTE
    assert "offline model" in found.text


def test_a_key_is_named_but_never_shown(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "hush")
    found = finding(config, "model")
    assert found.level is Level.OK
    assert found.text.endswith("at OpenAI, key from OPENAI_API_KEY")


def test_a_server_of_ones_own_is_shown(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    model = ModelSettings(base_url="http://localhost:1/v1", name="a", subagent_name="b")
    found = finding(replace(config, model=model), "model")
    assert found.text == "a, b at http://localhost:1/v1, without a key"


@pytest.mark.parametrize(
    ("host", "family"), [("127.0.0.1", socket.AF_INET), ("::1", socket.AF_INET6)]
)
def test_a_port_in_use_is_noticed(config: Config, host: str, family: socket.AddressFamily) -> None:
    with socket.socket(family) as other:
        other.bind((host, 0))
        other.listen()
        web = WebSettings(host=host, port=other.getsockname()[1])
        found = finding(replace(config, web=web), "page")
    assert found.level is Level.NOTE
    assert found.text.endswith(f"{web.port} is in use")


@pytest.mark.parametrize(
    ("sandbox", "level"), [("auto", Level.NOTE), ("bubblewrap", Level.PROBLEM)]
)
def test_a_missing_bubblewrap_is_a_problem_only_if_it_is_demanded(
    config: Config, without_programs: Path, sandbox: str, level: Level
) -> None:
    subagents = SubagentSettings(sandbox="auto" if sandbox == "auto" else "bubblewrap")
    found = finding(replace(config, subagents=subagents), "sandbox")
    assert found.level is level
    assert found.text.startswith("bubblewrap is not installed, so ")


def test_a_bubblewrap_that_does_not_work_is_found_out(
    config: Config, without_programs: Path
) -> None:
    program = without_programs / "bwrap"
    program.write_text("#!/bin/sh\necho no permission >&2\nexit 1\n")
    program.chmod(0o755)
    found = finding(config, "sandbox")
    assert found.text.startswith("bubblewrap does not work (no permission)")


@pytest.mark.needs_system("bubblewrap")
def test_a_bubblewrap_that_works_is_found_out(config: Config) -> None:
    assert finding(config, "sandbox").level is Level.OK


def test_a_sandbox_that_isolates_nothing_says_so(config: Config) -> None:
    found = finding(replace(config, subagents=SubagentSettings(sandbox="process")), "sandbox")
    assert found.level is Level.NOTE
    assert "nothing is isolated" in found.text


def test_a_budget_without_a_limit_over_time_is_mentioned(config: Config) -> None:
    assert finding(config, "budget").level is Level.NOTE
    limited = finding(replace(config, budget=BudgetSettings(per_month=5_000_000)), "budget")
    assert limited.level is Level.OK
    assert limited.text == "tokens: 2,000,000 a job; 5,000,000 a month"


def test_sources_are_listed(config: Config, tmp_path: Path) -> None:
    source = SourceSettings(name="logs", path=tmp_path)
    assert finding(replace(config, sources=(source,)), "source").text == f"logs: {tmp_path}"
