from pathlib import Path

import pytest

from bot.config import ConfigError, load


def refused(folder: Path, text: str) -> str:
    """The one line that the configuration is refused with."""
    file = folder / "config.toml"
    file.write_text(text)
    with pytest.raises(ConfigError) as error:
        load(file)
    (line,) = error.value.lines
    return line


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[subagent]", "[subagent]: there is no such section; did you mean subagents?"),
        ("[zzz]", "[zzz]: there is no such section"),
        ("[[zzz]]", "[zzz]: there is no such section"),
        ("[web]\nprt = 1", "[web] prt: there is no such setting; did you mean port?"),
        ("[web]\nzzz = 1", "[web] zzz: there is no such setting"),
        (
            "[web]\nmax_running = 1",
            "[web] max_running: there is no such setting here; it belongs to section subagents",
        ),
        (
            "port = 1",
            "port: stands outside of any section; it belongs to section web, got 1",
        ),
        ("zzz = 'x'", 'zzz: stands outside of any section, got "x"'),
        ("web = 1", "[web]: must be one section, written [web]"),
        ("[[web]]", "[web]: must be one section, written [web]"),
        ("[rules]", "[[rules]]: each one is a section of its own, written [[rules]]"),
        ("rules = [1]", "[[rules]]: each one is a section of its own, written [[rules]]"),
        ("[[sources]]\nname = 'a'", "[[sources]] no. 1, path: must be set"),
        ("[web.port]\nx = 1", "[web] port: must be a whole number from 0 to 65535, got a table"),
        ('"a\\u001b[2J" = 1', "a\\u001b[2J: stands outside of any section, got 1"),
    ],
)
def test_what_is_in_the_wrong_place_says_so(tmp_path: Path, text: str, line: str) -> None:
    assert refused(tmp_path, text) == line
