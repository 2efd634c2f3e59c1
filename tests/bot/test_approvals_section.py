from pathlib import Path

import pytest

from bot.config import ConfigError, load
from core.approvals.rules import ApprovalRule


def config(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(text, "utf-8")
    return path


def test_without_the_section_nothing_waits(tmp_path: Path) -> None:
    assert load(config(tmp_path, "")).approvals == ()


def test_one_section_or_several_mean_rules_in_their_order(tmp_path: Path) -> None:
    text = """
        [[approvals]]
        tools = ["shell", "mcp__github__*"]
        commands = ["rm", " git push "]
        channels = ["slack/*"]
        [[approvals]]
        tools = ["f*"]
        hosts = ["*.Example.org"]
        when = "untrusted"
    """
    assert [one.rule for one in load(config(tmp_path, text)).approvals] == [
        ApprovalRule(
            tools=("shell", "mcp__github__*"), commands=("rm", "git push"), channels=("slack/*",)
        ),
        ApprovalRule(tools=("f*",), hosts=("*.example.org",), untrusted=True),
    ]
    assert len(load(config(tmp_path, '[approvals]\ntools = ["python"]')).approvals) == 1


@pytest.mark.parametrize(
    ("setting", "why"),
    [
        ("", "tools"),
        ("tools = []", "must be a list of tools"),
        ('tools = "shell"', "must be a list of tools"),
        ('tools = ["shel"]', "is no tool; there are: shell"),
        ('tools = ["ask"]', "is no tool"),
        ('tools = ["shell"]\ncommands = ["/bin/rm"]', "without its folder"),
        ('tools = ["shell"]\ncommands = ["-rf"]', "begins with the name of a program"),
        ('tools = ["shell"]\ncommands = [""]', "must be a list of commands"),
        ('tools = ["python"]\ncommands = ["rm"]', "is about shell, but tools has python"),
        ('tools = ["shell"]\nhosts = ["a.test"]', "is about fetch, but tools has shell"),
        ('tools = ["fetch"]\nhosts = ["http://a.test"]', "without scheme"),
        ('tools = ["shell"]\nwhen = "never"', "when"),
        ('tools = ["shell"]\nchannels = []', "must name one channel"),
    ],
)
def test_what_cannot_be_meant_is_told(tmp_path: Path, setting: str, why: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(config(tmp_path, f"[approvals]\n{setting}"))
    assert why in str(caught.value)
    assert "approvals" in str(caught.value)
