from pathlib import Path

import pytest

from bot.config import ConfigError, load
from bot.engine import config_skills


def skill(folder: Path, name: str) -> None:
    folder.mkdir(parents=True)
    (folder / "SKILL.md").write_text(f"---\nname: {name}\ndescription: x\n---\n")


def test_skills_of_all_sections_are_together(tmp_path: Path) -> None:
    skill(tmp_path / "one" / "a", "a")
    skill(tmp_path / "two" / "b", "b")
    text = '[[skills]]\npath = "one"\n[[skills]]\npath = "two"\nchannels = ["slack/*"]\n'
    (tmp_path / "config.toml").write_text(text)
    skills = config_skills(load(tmp_path / "config.toml"))
    assert [(one.name, one.channels) for one in skills.found] == [
        ("a", ("*",)), ("b", ("slack/*",)),
    ]  # fmt: skip


def test_skills_are_apart_from_the_data(tmp_path: Path) -> None:
    (tmp_path / "data" / "skills").mkdir(parents=True)
    text = '[bot]\ndata_dir = "data"\n[skills]\npath = "data/skills"\n'
    (tmp_path / "config.toml").write_text(text)
    with pytest.raises(ConfigError, match="must be apart from"):
        load(tmp_path / "config.toml")
