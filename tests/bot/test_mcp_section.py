from pathlib import Path

import pytest

from bot import mcp_section
from bot.config import Config, ConfigError, load

GOOD = """
[[mcp]]
name = "tickets"
tools = ["search_*"]
command = ["tickets-mcp", "--read-only"]
env = ["TICKETS_TOKEN"]
dir = "."
"""


def loaded(folder: Path, text: str) -> Config:
    file = folder / "config.toml"
    file.write_text(text)
    return load(file)


def wrong(folder: Path, text: str) -> str:
    with pytest.raises(ConfigError) as refused:
        loaded(folder, text)
    return str(refused.value)


def test_a_server_is_what_the_file_and_the_environment_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TICKETS_TOKEN", "t0ken")
    (settings,) = loaded(tmp_path, GOOD).mcp
    server = settings.server
    assert (server.command, server.folder) == (("tickets-mcp", "--read-only"), tmp_path)
    assert server.environment == {"TICKETS_TOKEN": "t0ken"}
    assert server.lacks == ""
    assert "t0ken" not in repr(settings)


WIKI = """
[[mcp]]
name = "wiki"
tools = ["*"]
url = "http://127.0.0.1/mcp"
token_env = "WIKI_TOKEN"
"""


@pytest.mark.parametrize(("variable", "sent"), [(" wik1 ", "wik1"), ("  ", None)])
def test_an_address_is_asked_with_the_token_that_the_environment_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, sent: str | None
) -> None:
    monkeypatch.setenv("WIKI_TOKEN", variable)
    (settings,) = loaded(tmp_path, WIKI).mcp
    assert (settings.server.url, settings.server.token) == ("http://127.0.0.1/mcp", sent)
    assert "wik1" not in repr(settings)


def test_what_is_not_set_or_not_installed_is_said_and_stops_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TICKETS_TOKEN", raising=False)
    (settings,) = loaded(tmp_path, GOOD).mcp
    assert settings.server.lacks == "the environment variable TICKETS_TOKEN is not set"
    monkeypatch.setattr(mcp_section, "find_spec", lambda name: None)
    assert 'pip install "thaw-bot[mcp]"' in settings.server.lacks


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (GOOD + GOOD, 'no. 1, name: "tickets" is the name of another server too'),
        ('[[mcp]]\nname="a"\ntools=["*"]', "command: must be set, or url instead of it"),
        ('[[mcp]]\nname="a"\ntools=["*"]\ncommand=["a"]\nurl="http://a/"', "not both"),
        ('[[mcp]]\nname="a"\ncommand=["a"]', "tools: must be set"),
        ('[[mcp]]\nname="a"\ntools=[]\ncommand=["a"]', "tools: must be a list of the tools"),
        ('[[mcp]]\nname="a"\ntools=["a b"]\ncommand=["a"]', "tools: each one is the name"),
        ('[[mcp]]\nname="A B"\ntools=["*"]\ncommand=["a"]', "name: must be"),
        ('[[mcp]]\nname="a"\ntools=["*"]\ncommand="a b"', "command: must be a list"),
        ('[[mcp]]\nname="a"\ntools=["*"]\ncommand=["a"]\nenv=["sk-1"]', "not the secret"),
        ('[[mcp]]\nname="a"\ntools=["*"]\ncommand=["a"]\ntoken_env="T"', "is for a url"),
        ('[[mcp]]\nname="a"\ntools=["*"]\nurl="http://a"\nenv=["T"]', "are for a command"),
        ('[[mcp]]\nname="a"\ntools=["*"]\nurl="http://u:p@a"', "user name or password"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, line: str) -> None:
    told = wrong(tmp_path, text)
    assert line in told
    assert "[[mcp]] no. 1" in told
