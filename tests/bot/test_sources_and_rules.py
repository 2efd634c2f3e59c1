from pathlib import Path

import pytest

from bot.config import Config, ConfigError, RuleSettings, load


def read(folder: Path, text: str) -> Config:
    file = folder / "config.toml"
    file.write_text(text)
    return load(file)


def refused(folder: Path, text: str) -> str:
    """The one line that the configuration is refused with."""
    with pytest.raises(ConfigError) as error:
        read(folder, text)
    (line,) = error.value.lines
    return line


def source(name: str = "logs", path: str = ".", rest: str = "") -> str:
    return (
        f"[bot]\ndata_dir = '/nowhere/data'\n[[sources]]\nname = '{name}'\npath = '{path}'\n{rest}"
    )


def rules(*tables: str) -> str:
    return "".join(f"[[rules]]\n{table}\n" for table in tables)


def test_a_source_is_for_all_channels_unless_it_says_otherwise(tmp_path: Path) -> None:
    assert read(tmp_path, source()).sources[0].channels == ("*",)
    config = read(tmp_path, source(rest='channels = ["web/*", "slack/T1/C2"]'))
    assert config.sources[0].channels == ("web/*", "slack/T1/C2")


@pytest.mark.parametrize("name", ["", "a b", "../up", "Logs", "-a", "x" * 41])
def test_a_source_whose_name_could_not_be_typed_is_refused(tmp_path: Path, name: str) -> None:
    line = refused(tmp_path, source(name))
    assert line.startswith("[[sources]] no. 1, name: must be 1 to 40 of the characters")
    assert line.endswith(f'got "{name}"')


def test_two_sources_of_one_name_are_refused(tmp_path: Path) -> None:
    text = source(rest="[[sources]]\nname = 'logs'\npath = '.'\n")
    assert refused(tmp_path, text) == (
        '[[sources]] no. 2, name: "logs" is the name of [[sources]] no. 1 too'
    )


def test_a_source_cannot_take_the_name_of_what_is_searched_anyway(tmp_path: Path) -> None:
    assert '"messages" is always searched' in refused(tmp_path, source("messages"))


def test_a_source_is_indexed_by_words_unless_it_asks_for_trigrams(tmp_path: Path) -> None:
    assert read(tmp_path, source()).sources[0].index == "words"
    config = read(tmp_path, source(rest='index = "trigrams"'))
    assert config.sources[0].index == "trigrams"
    line = refused(tmp_path, source(rest='index = "letters"'))
    assert line == ('[[sources]] no. 1, index: must be one of "words", "trigrams", got "letters"')


@pytest.mark.parametrize("path", [".", "data", "data/below", "link"])
def test_a_source_cannot_show_what_the_bot_keeps(tmp_path: Path, path: str) -> None:
    (tmp_path / "data" / "below").mkdir(parents=True)
    (tmp_path / "link").symlink_to("data")
    text = f"[bot]\ndata_dir = 'data'\n[[sources]]\nname = 'a'\npath = '{path}'\n"
    assert refused(tmp_path, text).startswith("[[sources]] no. 1, path: must be apart from [bot]")


@pytest.mark.parametrize(
    ("channels", "said"),
    [
        ("[]", "must name one channel at least"),
        ('"*"', "must be a list of channel patterns such as"),
        ("[1]", "must be a pattern of 1 to 200 characters"),
        ('["general"]', 'names no channel with "general": channels are written platform/workspace'),
        ('["web/[ab]/c"]', "may use * (any text) and ? (one character) but no brackets"),
        ('[" web/*"]', "must have no control characters and no blanks around it"),
    ],
)
def test_channels_that_could_never_match_are_refused(
    tmp_path: Path, channels: str, said: str
) -> None:
    line = refused(tmp_path, source(rest=f"channels = {channels}"))
    assert line.startswith(f"[[sources]] no. 1, channels: {said}")


def test_rules_keep_their_order(tmp_path: Path) -> None:
    config = read(tmp_path, rules('keys = "a.*"\nkind = "set"', 'keys = "b"\nrule = "latest"'))
    assert config.rules == (
        RuleSettings(keys="a.*", kind="set"),
        RuleSettings(keys="b", rule="latest"),
    )


@pytest.mark.parametrize("rest", ["", 'rule = "ask"\nkind = "value"'])
def test_a_rule_says_either_rule_or_kind(tmp_path: Path, rest: str) -> None:
    assert refused(tmp_path, rules(f'keys = "a"\n{rest}')) == (
        "[[rules]] no. 1, rule: must be set, or kind instead of it, not both"
    )


def test_a_rule_that_is_not_there_is_refused(tmp_path: Path) -> None:
    line = refused(tmp_path, rules('keys = "a"\nrule = "newest"'))
    assert line == (
        '[[rules]] no. 1, rule: must be one of "ask", "latest", "first", "max", "min", "propose",'
        ' "together", got "newest"'
    )


@pytest.mark.parametrize("keys", ["''", "1", f"'{'k' * 201}'", "'a[1]'", r'"a\tb"'])
def test_a_pattern_that_is_none_is_refused(tmp_path: Path, keys: str) -> None:
    line = refused(tmp_path, rules(f'keys = {keys}\nrule = "ask"'))
    assert line.startswith("[[rules]] no. 1, keys: m")


@pytest.mark.parametrize(
    ("one", "other", "why"),
    [
        ('rule = "ask"', 'rule = "latest"', "ask and latest"),
        ('kind = "set"', 'kind = "log"', "set and log"),
        ('kind = "counter"', 'rule = "max"', "a counter adds up, so max can never apply"),
        ('rule = "first"', 'kind = "text"', "a text merges by lines, so first can never apply"),
        ('rule = "latest"', 'kind = "log"', "a log combines, so latest can never apply"),
    ],
)
def test_rules_that_disagree_about_a_key_are_refused(
    tmp_path: Path, one: str, other: str, why: str
) -> None:
    text = rules(f'keys = "deploy.*"\n{one}', f'keys = "*.target"\n{other}')
    assert refused(tmp_path, text) == (
        '[[rules]] no. 2, keys: "*.target" overlaps "deploy.*" of [[rules]] no. 1, '
        f"and they disagree: {why}"
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('keys = "a.*"\nrule = "ask"', 'keys = "b.*"\nrule = "latest"'),
        ('keys = "a.*"\nrule = "latest"', 'keys = "*.b"\nrule = "latest"'),
        ('keys = "a.*"\nrule = "latest"', 'keys = "a.*"\nkind = "value"'),
        ('keys = "a.*"\nrule = "together"', 'keys = "a.*"\nkind = "counter"'),
        ('keys = "launch*"\nkind = "record"', 'keys = "launch.date"\nrule = "latest"'),
        (
            'keys = "a"\nrule = "ask"\nchannels = ["web/*"]',
            'keys = "a"\nrule = "latest"\nchannels = ["slack/*"]',
        ),
    ],
)
def test_rules_that_cannot_disagree_are_taken(tmp_path: Path, one: str, other: str) -> None:
    assert len(read(tmp_path, rules(one, other)).rules) == 2
