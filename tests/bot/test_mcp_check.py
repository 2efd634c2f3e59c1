import sys
from pathlib import Path

from bot.finding import Level
from bot.mcp_check import mcp_findings
from bot.mcp_section import McpSettings

WILD = Path(__file__).parents[1] / "core" / "mcp" / "wild.py"


async def test_each_server_is_asked_and_what_it_has_is_told(tmp_path: Path) -> None:
    good = McpSettings(
        name="wild",
        tools=("echo", "huge", "lost_*"),
        command=(sys.executable, str(WILD), "greets", str(tmp_path)),
    )
    lost = McpSettings(name="lost", tools=("*",), command=("/no/such/program",))
    unset = McpSettings(name="unset", tools=("*",), command=("x",), env=("THAW_NOT_SET",))
    found = await mcp_findings([good, lost, unset])
    assert [finding.level for finding in found] == [
        Level.OK, Level.NOTE, Level.NOTE, Level.PROBLEM, Level.PROBLEM,
    ]  # fmt: skip
    assert found[0].text.startswith("wild: 1 of its 13 tools are offered (echo)")
    assert "'huge' takes more than 50 arguments" in found[1].text
    assert "'echo' is there twice" in found[2].text
    assert "No such file or directory" in found[3].text
    assert "THAW_NOT_SET is not set" in found[4].text


async def test_a_pattern_that_means_no_tool_is_told(tmp_path: Path) -> None:
    given = McpSettings(
        name="wild",
        tools=("hang", "lost_*"),
        command=(sys.executable, str(WILD), "greets", str(tmp_path)),
    )
    texts = [finding.text for finding in await mcp_findings([given])]
    assert texts[1:] == ['wild: it has no tool "lost_*"']
