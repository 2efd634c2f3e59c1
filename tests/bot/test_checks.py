import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.config import Config, ConfigError, load


def refused(folder: Path, section: str, setting: str) -> str:
    """What one wrong setting is refused with, after its name."""
    file = folder / "config.toml"
    file.write_text(f"[{section}]\n{setting}\n", "utf-8")
    with pytest.raises(ConfigError) as error:
        load(file)
    (line,) = error.value.lines
    place, said = line.split(": ", 1)
    assert place == f"[{section}] {setting.split(' ', 1)[0]}"
    return said


def refused_source(folder: Path, path: str) -> str:
    """What a source with this path is refused with."""
    file = folder / "config.toml"
    file.write_text(f"[[sources]]\nname = 'a'\npath = '{path}'")
    with pytest.raises(ConfigError) as error:
        load(file)
    (line,) = error.value.lines
    return line.removeprefix("[[sources]] no. 1, path: ")


def accepted(folder: Path, section: str, setting: str) -> Config:
    file = folder / "config.toml"
    file.write_text(f"[{section}]\n{setting}\n", "utf-8")
    return load(file)


@pytest.mark.parametrize(
    ("value", "got"),
    [
        ('"x"', '"x"'),
        ("0", "0"),
        ("1001", "1001"),
        ("1.0", "1.0"),
        ("true", "true"),
        ("[1]", "a list"),
        ("{a = 1}", "a table"),
        ("2026-01-01", "2026-01-01"),
        ("0x" + "f" * 9000, "a far larger number"),
        (f'"{"y" * 99}"', f'"{"y" * 60}…"'),
        (r'"\u001b[31m"', r'"\u001b[31m"'),
    ],
)
def test_a_number_out_of_place_is_refused(tmp_path: Path, value: str, got: str) -> None:
    said = refused(tmp_path, "subagents", f"max_running = {value}")
    assert said == f"must be a whole number from 1 to 1000, got {got}"


@pytest.mark.parametrize("value", ["0", "-1", "nan", "inf", "3601", "true", "'9'"])
def test_a_time_out_of_bounds_is_refused(tmp_path: Path, value: str) -> None:
    said = refused(tmp_path, "model", f"timeout_s = {value}")
    assert said.startswith("must be a number of seconds from 0.1 to 3600, got ")


@pytest.mark.parametrize("value", ["0.5", "30"])
def test_a_time_may_be_whole_or_not(tmp_path: Path, value: str) -> None:
    config = accepted(tmp_path, "model", f"timeout_s = {value}")
    assert config.model.timeout_s == float(value)


@pytest.mark.parametrize("value", ["-1", "65536", "'8484'"])
def test_a_port_that_is_none_is_refused(tmp_path: Path, value: str) -> None:
    said = refused(tmp_path, "web", f"port = {value}")
    assert said.startswith("must be a whole number from 0 to 65535, got ")


@pytest.mark.parametrize("value", ["0.0.0.0", "::", "192.168.1.2", "example.com", "", "localhos"])
def test_a_host_that_others_reach_is_refused_with_the_reason(tmp_path: Path, value: str) -> None:
    said = refused(tmp_path, "web", f"host = '{value}'")
    assert said.endswith(
        f'(the page has no sign-in: whoever reaches it can use the bot), got "{value}"'
    )


def test_a_host_that_is_no_text_is_refused(tmp_path: Path) -> None:
    assert refused(tmp_path, "web", "host = 2130706433").endswith("got 2130706433")


@pytest.mark.parametrize("value", ["127.0.0.1", "127.9.9.9", "::1", "localhost"])
def test_a_loopback_host_is_taken(tmp_path: Path, value: str) -> None:
    assert accepted(tmp_path, "web", f"host = '{value}'").web.host == value


def test_a_word_that_is_no_choice_is_refused_with_the_choices(tmp_path: Path) -> None:
    said = refused(tmp_path, "subagents", "sandbox = 'podman'")
    assert said == 'must be one of "auto", "bubblewrap", "docker", "process", got "podman"'
    assert refused(tmp_path, "bot", "log = 1") == 'must be one of "text", "json", got 1'


@pytest.mark.parametrize("value", ["''", "'  '", r'"a\nb"', f"'{'n' * 41}'"])
def test_a_name_that_is_not_one_short_line_is_refused(tmp_path: Path, value: str) -> None:
    assert refused(tmp_path, "bot", f"name = {value}").startswith(
        "must be one line of 1 to 40 characters, got "
    )


def test_a_name_that_is_no_text_is_refused(tmp_path: Path) -> None:
    assert refused(tmp_path, "bot", "name = 3") == "must be text in quotes, got 3"


@pytest.mark.parametrize(
    "value",
    [
        "api.openai.com/v1",
        "ftp://host/v1",
        "https://",
        "https://host:99999",
        "http://a b/",
        "1",
        "",
    ],
)
def test_an_address_that_is_none_is_refused(tmp_path: Path, value: str) -> None:
    said = refused(tmp_path, "model", f"base_url = '{value}'")
    assert said == f'must be an address such as https://host/v1, got "{value}"'


def test_an_address_with_a_password_is_refused_without_repeating_it(tmp_path: Path) -> None:
    said = refused(tmp_path, "model", "base_url = 'https://me:hush@host/v1'")
    assert "must not hold a user name or password" in said
    assert "hush" not in said


def test_an_address_with_a_query_is_refused(tmp_path: Path) -> None:
    assert "without ? or #" in refused(tmp_path, "model", "base_url = 'https://host/v1?a=b'")


@pytest.mark.parametrize("value", ["''", "1", r'"a\u0000b"', "'~nobody-of-that-name/x'"])
def test_a_data_dir_that_is_no_path_is_refused(tmp_path: Path, value: str) -> None:
    said = refused(tmp_path, "bot", f"data_dir = {value}")
    assert "path of a folder" in said or "no known home folder" in said


@pytest.mark.parametrize("value", ["config.toml", "config.toml/below/it"])
def test_a_data_dir_that_is_a_file_is_refused(tmp_path: Path, value: str) -> None:
    said = refused(tmp_path, "bot", f"data_dir = '{value}'")
    assert said == f"must be a folder, but {tmp_path / 'config.toml'} is none"


def test_a_data_dir_behind_a_broken_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    said = refused(tmp_path, "bot", "data_dir = 'loop/data'")
    assert said == f"must be a folder, but {tmp_path / 'loop'} is none"


@pytest.fixture
def closed() -> Iterator[Path]:
    """A folder that the test, which is not root while it has it, may see but not read."""
    with tempfile.TemporaryDirectory(prefix="thaw-") as name:
        folder = Path(name)
        (folder / "closed" / "in").mkdir(parents=True)
        (folder / "closed").chmod(0o000)
        folder.chmod(0o777)
        was = os.geteuid()
        if was == 0:
            os.seteuid(65534)
        yield folder / "closed"
        os.seteuid(was)
        (folder / "closed").chmod(0o700)


def test_a_source_that_cannot_be_read_is_refused(closed: Path) -> None:
    for path in (closed, closed / "in"):
        said = refused_source(closed.parent, str(path))
        assert said == f"must be a folder that can be read ({path}: Permission denied)"


def test_a_data_dir_in_a_closed_folder_is_left_to_the_doctor(closed: Path) -> None:
    config = accepted(closed.parent, "bot", f"data_dir = '{closed}/in/data'")
    assert config.bot.data_dir == closed / "in" / "data"


@pytest.mark.parametrize(
    ("path", "problem"),
    [("gone", "No such file or directory"), ("config.toml", "Not a directory")],
)
def test_a_source_that_is_no_folder_is_refused(tmp_path: Path, path: str, problem: str) -> None:
    said = refused_source(tmp_path, path)
    assert said == f"must be a folder that can be read ({tmp_path / path}: {problem})"
