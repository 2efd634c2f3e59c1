from pathlib import Path

import pytest

from core.messages import ChannelRef
from core.skills import LONGEST_DESCRIPTION, MOST, read_skills, together


def write(folder: Path, text: str | bytes) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "SKILL.md").write_bytes(text.encode() if isinstance(text, str) else text)
    return folder


def head(name: str, description: str = "what it is for") -> str:
    return f"---\nname: {name}\ndescription: {description}\n---\nDo this.\n"


def test_a_skill_is_a_folder_with_a_name_and_what_it_is_for(tmp_path: Path) -> None:
    write(tmp_path / "b", head("release-notes"))
    write(
        tmp_path / "a",
        '\ufeff---\r\nName: "ci"\r\ndescription: >\r\n  reads logs\r\n  and tells\r\n---',
    )
    (tmp_path / "no skill").mkdir()
    (tmp_path / "file").write_text("x")
    skills = read_skills(tmp_path)
    assert skills.wrong == ()
    assert [(one.name, one.description, one.folder) for one in skills.found] == [
        ("ci", "reads logs and tells", tmp_path / "a"),
        ("release-notes", "what it is for", tmp_path / "b"),
    ]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "front matter"),
        ("name: a\ndescription: b\n", "front matter"),
        ("---\nname: a\ndescription: b\n", "front matter"),
        (b"\xff\xfe\x00", "front matter"),
        ("---\n" + "x: y\n" * 10_000 + "---\n", "front matter"),
        (head("Not A Name"), "name must be"),
        (head("../../etc"), "name must be"),
        (head(""), "name must be"),
        ("---\ndescription: b\n---\n", "name must be"),
        ("---\nname: a\n---\n", "description must be"),
        (head("a", "x" * (LONGEST_DESCRIPTION + 1)), "description must be"),
        (head("a", "x\x1b[2J"), "description must be"),
    ],
)
def test_what_is_wrong_is_told_and_the_others_are_there(
    tmp_path: Path, text: str | bytes, why: str
) -> None:
    write(tmp_path / "wrong", text)
    write(tmp_path / "right", head("right"))
    skills = read_skills(tmp_path)
    assert [one.name for one in skills.found] == ["right"]
    (line,) = skills.wrong
    assert line.startswith(f"{tmp_path / 'wrong' / 'SKILL.md'}: ")
    assert why in line


def test_what_is_no_file_or_no_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "a" / "SKILL.md").mkdir(parents=True)
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "SKILL.md").symlink_to("/nowhere")
    assert [line.rpartition(": ")[2] for line in read_skills(tmp_path).wrong] == ["is no file"] * 2
    (line,) = read_skills(tmp_path / "lost").wrong
    assert "cannot be read" in line


def test_names_count_once_and_there_are_not_too_many(tmp_path: Path) -> None:
    for number in range(MOST + 1):
        write(tmp_path / "many" / f"{number:03}", head(f"s{number}"))
    write(tmp_path / "many" / "000b", head("s0"))
    many = read_skills(tmp_path / "many")
    assert len(many.found) == MOST
    assert ["too" in line or "the most" in line for line in many.wrong] == [True, True]
    write(tmp_path / "other" / "x", head("s0"))
    both = together([many, read_skills(tmp_path / "other")])
    assert len(both.found) == MOST
    assert "is in" in both.wrong[-1]


def test_a_channel_has_its_own(tmp_path: Path) -> None:
    write(tmp_path / "a", head("a"))
    skills = read_skills(tmp_path, ["slack/*"])
    assert skills.of(ChannelRef(platform="slack", workspace="T", channel="C")) == skills.found
    assert skills.of(ChannelRef(platform="web", workspace="local", channel="general")) == ()


def test_of_two_folders_the_first_has_a_name_and_the_other_is_told(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        write(tmp_path / folder / "ci", head("ci", folder))
        write(tmp_path / folder / folder, head(folder))
    skills = together([read_skills(tmp_path / folder) for folder in ("one", "two")])
    found = [(one.name, one.description) for one in skills.found]
    assert found == [("ci", "one"), ("one", "what it is for"), ("two", "what it is for")]
    first, other = tmp_path / "one" / "ci", tmp_path / "two" / "ci"
    assert skills.wrong == (f"{other / 'SKILL.md'}: 'ci' is in {first} too",)


@pytest.mark.parametrize(
    ("written", "read"), [('"a: b"', "a: b"), ("'a'", "a"), ("\"a'", "\"a'"), ('"', '"')]
)
def test_a_description_may_stand_in_quotes(tmp_path: Path, written: str, read: str) -> None:
    write(tmp_path / "a", head("a", written))
    assert [one.description for one in read_skills(tmp_path).found] == [read]
