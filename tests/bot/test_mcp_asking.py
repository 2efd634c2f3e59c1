"""Calls of servers' tools wait for a person's word once the job has read what others wrote, unless
the operator said that they only read. Real servers, over both ways."""

import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from bot.config import load
from bot.engine import rules_of
from core.approvals.rules import ApprovalRules
from core.jobs.job import Completed
from core.mcp.servers import Servers
from core.records import jobs
from core.records.questions import Decision
from tests.core.mcp.test_servers import HERE, listening
from tests.core.subagents.engine.bench import Bench, bench
from tests.core.subagents.scripted import CHANNEL, JOB, calls, finishes
from tests.core.subagents.test_broker_approvals import asked, decided, new

STDIO = '[[mcp]]\nname = "honest"\ntools = ["*"]\ncommand = ["{python}", "{file}"]\n'
HTTP = '[[mcp]]\nname = "honest"\ntools = ["*"]\nurl = "{url}"\ntoken_env = "WIKI_TOKEN"\n'
MOVE = calls("mcp__honest__move", to={"x": 1})


@pytest.fixture(params=["stdio", "http"])
def section(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    if request.param == "stdio":
        yield STDIO.format(python=sys.executable, file=HERE / "honest.py")
        return
    monkeypatch.setenv("WIKI_TOKEN", "w1ki")
    with listening("w1ki") as url:
        yield HTTP.format(url=url)


@asynccontextmanager
async def at_work(folder: Path, text: str) -> AsyncIterator[Bench]:
    """An engine whose servers and whose asking are what a configuration says."""
    file = folder / "config.toml"
    file.write_text(text)
    config = load(file)
    servers = Servers([one.server for one in config.mcp])
    rules = ApprovalRules(rules_of(config))
    async with bench(folder / "data", "process", servers=servers, approvals=rules) as made:
        await made.channels.write(CHANNEL, lambda tx: jobs.promise(tx, new(1)))
        try:
            yield made
        finally:
            await servers.close()


async def test_a_call_runs_until_the_job_has_read_and_waits_from_then_on(
    section: str, tmp_path: Path
) -> None:
    async with at_work(tmp_path, section) as made:
        made.model.lines.extend([MOVE, MOVE])
        wants = await asked(made)
        assert wants.leave is not None
        assert wants.leave.tool == "mcp__honest__move"
        assert "what others wrote may have led to it" in wants.leave.reason
        assert '"x": 1' in wants.text
        steps = await made.engine.steps(JOB.id)
        # The first ran: nothing but the person asking had been heard by then.
        assert [one for one in steps if one.title.startswith("mcp__") and one.seconds]
        await decided(made, Decision.ONCE)
        made.model.lines.append(finishes())
        assert isinstance(await made.run(replace(JOB, attempt=2)), Completed)
        steps = await made.engine.steps(JOB.id)
        assert sum(one.title.startswith("mcp__") for one in steps if one.seconds) == 2


@pytest.mark.parametrize(
    ("more", "waits"),
    [
        ("", True),
        ('read_only = ["mov?"]\n', False),
        ('read_only = ["fail"]\n', True),
        ('ask = "never"\n', False),
        ('ask = "always"\n', True),
    ],
)
async def test_the_operator_says_which_tools_only_read(
    more: str, waits: bool, tmp_path: Path
) -> None:
    file = tmp_path / "config.toml"
    file.write_text(STDIO.format(python="python3", file="x") + more)
    rules = ApprovalRules(rules_of(load(file)))
    tainted = rules.reason(CHANNEL, "mcp__honest__move", {}, tainted=True)
    assert (tainted is not None) is waits
    plain = rules.reason(CHANNEL, "mcp__honest__move", {}, tainted=False)
    assert (plain is not None) is ("always" in more)
    assert rules.reason(CHANNEL, "mcp__other__move", {}, tainted=True) is None


def test_a_tool_of_an_odd_name_is_named_as_models_see_it(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(STDIO.format(python="python3", file="x") + 'read_only = ["repo/get.*"]\n')
    rules = ApprovalRules(rules_of(load(file)))
    assert rules.reason(CHANNEL, "mcp__honest__repo_get_file", {}, tainted=True) is None
    assert rules.reason(CHANNEL, "mcp__honest__repo_set_file", {}, tainted=True) is not None
