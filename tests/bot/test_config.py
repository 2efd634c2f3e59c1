from pathlib import Path

import pytest

from bot.config import Config, ConfigError, load


def write(folder: Path, text: str | bytes) -> Path:
    file = folder / "config.toml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


def errors(folder: Path, text: str | bytes) -> tuple[str, ...]:
    """All lines that the configuration `text` is refused with."""
    with pytest.raises(ConfigError) as refused:
        load(write(folder, text))
    return refused.value.lines


def test_without_a_file_every_default_holds() -> None:
    config = load(None)
    assert config == Config()
    assert (config.web.host, config.web.port) == ("127.0.0.1", 8484)
    assert config.file is None


def test_a_file_changes_only_what_it_names(tmp_path: Path) -> None:
    config = load(write(tmp_path, "[subagents]\nmax_running = 64\n"))
    assert config.subagents.max_running == 64
    assert config.subagents.per_channel == Config().subagents.per_channel
    assert config.file == tmp_path / "config.toml"


def test_an_empty_file_is_the_defaults(tmp_path: Path) -> None:
    assert load(write(tmp_path, "")).web == Config().web


def test_a_file_from_windows_is_read(tmp_path: Path) -> None:
    config = load(write(tmp_path, b"\xef\xbb\xbf[bot]\r\nname = 'Ice'\r\n"))
    assert config.bot.name == "Ice"


def test_relative_paths_start_from_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "logs").mkdir()
    write(tmp_path, '[bot]\ndata_dir = "data"\n[[sources]]\nname = "l"\npath = "logs"\n')
    monkeypatch.chdir("/")
    config = load(tmp_path / "config.toml")
    assert config.bot.data_dir == tmp_path / "data"
    assert config.sources[0].path == tmp_path / "logs"


def test_a_tilde_is_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    config = load(write(tmp_path, '[bot]\ndata_dir = "~/thaw"'))
    assert config.bot.data_dir == tmp_path / "thaw"


@pytest.mark.parametrize(
    ("given", "expected"), [("/x/y", "/x/y/thaw"), ("", "~/.local/share/thaw"), ("x", None)]
)
def test_the_default_data_dir_follows_the_desktop_rules(
    given: str, expected: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", given)
    wanted = Path(expected or "~/.local/share/thaw").expanduser()
    assert load(None).bot.data_dir == wanted


def test_everything_wrong_is_reported_at_once(tmp_path: Path) -> None:
    found = errors(
        tmp_path,
        """
        [web]
        host = "0.0.0.0"
        port = 99999
        [subagents]
        max_running = "x"
        [modle]
        name = "m"
        [[rules]]
        keys = "a"
        [[sources]]
        name = "docs"
        """,
    )
    assert sorted(line.split(":")[0] for line in found) == [
        "[[rules]] no. 1, rule",
        "[[sources]] no. 1, path",
        "[modle]",
        "[subagents] max_running",
        "[web] host",
        "[web] port",
    ]


def test_the_text_of_the_error_has_a_line_for_each(tmp_path: Path) -> None:
    file = write(tmp_path, "[web]\nport = -1\nhots = 'x'")
    with pytest.raises(ConfigError, match=r"(?s)^\[web\] port.*\n\[web\] hots"):
        load(file)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"gone\.toml: cannot be read: No such file"):
        load(tmp_path / "gone.toml")


def test_a_folder_is_no_configuration(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        load(tmp_path)


def test_an_endless_file_is_refused() -> None:
    with pytest.raises(ConfigError, match="larger than 1000000 bytes"):
        load(Path("/dev/zero"))


def test_broken_toml_is_refused_with_its_line(tmp_path: Path) -> None:
    (line,) = errors(tmp_path, "[web]\nport = 1\nport\n")
    assert "is not valid TOML" in line
    assert "line 3" in line


def test_a_setting_twice_is_refused(tmp_path: Path) -> None:
    (line,) = errors(tmp_path, "[web]\nport = 1\nport = 2\n")
    assert "is not valid TOML" in line


def test_endless_nesting_is_refused(tmp_path: Path) -> None:
    (line,) = errors(tmp_path, "x = " + "[" * 100_000)
    assert "is not valid TOML" in line


def test_text_that_is_not_utf_8_is_refused_with_its_line(tmp_path: Path) -> None:
    (line,) = errors(tmp_path, b"[bot]\nname = '\xff'\n")
    assert "is not UTF-8 text (line 2)" in line


def test_a_key_for_openai_takes_the_model_online(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    assert load(write(tmp_path, "")).model.offline
    monkeypatch.setenv("OPENAI_API_KEY", " k ")
    model = load(write(tmp_path, "")).model
    assert not model.offline
    assert model.api_key == "k"


def test_a_server_of_ones_own_needs_no_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    config = load(write(tmp_path, "[model]\nbase_url = 'http://localhost:11434/v1/'"))
    assert not config.model.offline
    assert config.model.base_url == "http://localhost:11434/v1"
    assert config.model.api_key is None


def test_a_key_that_is_promised_but_not_set_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "[model]\napi_key_env = 'THAW_TEST_KEY'"
    monkeypatch.setenv("THAW_TEST_KEY", "  ")
    assert errors(tmp_path, text) == (
        "[model] api_key_env: the environment variable THAW_TEST_KEY is not set",
    )
    monkeypatch.setenv("THAW_TEST_KEY", "k")
    assert load(write(tmp_path, text)).model.api_key == "k"


def test_a_key_written_into_the_file_is_never_repeated(tmp_path: Path) -> None:
    (line,) = errors(tmp_path, "[model]\napi_key_env = 'sk-hush-hush'")
    assert "hush" not in line
    assert "not the secret" in line


def test_no_home_is_reported_as_a_setting_to_make(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> Path:
        raise RuntimeError("no home")

    monkeypatch.setenv("XDG_DATA_HOME", "")
    monkeypatch.setattr(Path, "home", homeless)
    with pytest.raises(ConfigError, match=r"\[bot\] data_dir: must be set"):
        load(None)


def test_docker_needs_an_image_with_a_name_that_is_no_option(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    for line, words in {
        "": '[subagents] image: must be set for sandbox = "docker"',
        'image = "--privileged"': "[subagents] image: must be the name of an image",
        'image = "a b"': "[subagents] image: must be the name of an image",
    }.items():
        file.write_text(f'[subagents]\nsandbox = "docker"\n{line}\n')
        with pytest.raises(ConfigError) as refused:
            load(file)
        assert str(refused.value).startswith(words)
    file.write_text('[subagents]\nsandbox = "docker"\nimage = "python:3.12-slim"\n')
    assert load(file).subagents.image == "python:3.12-slim"
