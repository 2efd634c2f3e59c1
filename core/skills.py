"""Skills: folders with a SKILL.md that says what it is good for. Reads them; runs nothing."""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from core.messages import ChannelRef

FILE_NAME = "SKILL.md"
MOST = 50
LONGEST_DESCRIPTION = 500
_LONGEST_HEAD = 16_384
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_KEY = re.compile(r"([A-Za-z_-]+):[ \t]*(.*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Skill:
    """One skill. `description` is one line; `folder` is what a job sees of it."""

    name: str
    description: str
    folder: Path
    channels: tuple[str, ...] = ("*",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Skills:
    """The skills of a folder; `wrong` are lines for the operator on those that cannot be used."""

    found: tuple[Skill, ...] = ()
    wrong: tuple[str, ...] = ()

    def of(self, channel: ChannelRef) -> tuple[Skill, ...]:
        """The skills of a channel's jobs (patterns of platform/workspace/channel)."""
        return tuple(
            skill
            for skill in self.found
            if any(fnmatchcase(str(channel), p.replace("[", "[[]")) for p in skill.channels)
        )


def read_skills(folder: Path, channels: Sequence[str] = ("*",)) -> Skills:
    """Every folder in `folder` that has a SKILL.md, by name. Blocks; raises nothing."""
    found: dict[str, Skill] = {}
    wrong: list[str] = []
    try:
        places = sorted(one for one in folder.iterdir() if one.is_dir())
    except OSError as error:
        return Skills(wrong=(f"{folder} cannot be read: {error.strerror}",))
    for place in places:
        if not os.path.lexists(place / FILE_NAME):
            continue
        skill = _skill(place, tuple(channels))
        if isinstance(skill, str):
            wrong.append(f"{place / FILE_NAME}: {skill}")
        elif skill.name in found:
            wrong.append(
                f"{place / FILE_NAME}: {skill.name!r} is in {found[skill.name].folder} too"
            )
        elif len(found) == MOST:
            wrong.append(f"{place / FILE_NAME}: is left out, since {MOST} skills are the most")
        else:
            found[skill.name] = skill
    return Skills(found=tuple(found.values()), wrong=tuple(wrong))


def together(some: Sequence[Skills]) -> Skills:
    """The skills of several folders; of two with one name the first counts."""
    found: dict[str, Skill] = {}
    wrong = [line for one in some for line in one.wrong]
    for skill in (skill for one in some for skill in one.found):
        first = found.setdefault(skill.name, skill)
        if first is not skill:
            wrong.append(f"{skill.folder / FILE_NAME}: {skill.name!r} is in {first.folder} too")
    return Skills(found=tuple(found.values()), wrong=tuple(wrong))


def _skill(folder: Path, channels: tuple[str, ...]) -> Skill | str:
    """The skill of a folder, or what is wrong with it."""
    file = folder / FILE_NAME
    try:
        if not file.is_file():
            return "is no file"
        with file.open("rb") as opened:
            head = opened.read(_LONGEST_HEAD).decode("utf-8-sig", "replace")
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    fields = _front_matter(head)
    if fields is None:
        return "must begin with front matter: name and description between two lines of ---"
    name, description = fields.get("name", ""), fields.get("description", "")
    if not _NAME.fullmatch(name):
        return f"name must be 1 to 40 of a-z, 0-9, - and _, got {name[:60]!r}"
    if not description or len(description) > LONGEST_DESCRIPTION or not description.isprintable():
        return f"description must be one line of 1 to {LONGEST_DESCRIPTION} characters"
    return Skill(name=name, description=description, folder=folder.resolve(), channels=channels)


def _front_matter(text: str) -> dict[str, str] | None:
    """The fields between the first two lines of `---`; what is indented goes on a field."""
    lines = text.splitlines()
    if not lines or lines[0].rstrip() != "---":
        return None
    fields: dict[str, str] = {}
    key = ""
    for line in lines[1:]:
        if line.rstrip() == "---":
            return {key: _plain(value) for key, value in fields.items()}
        if line[:1] in {" ", "\t"} and key:
            fields[key] = f"{fields[key]} {line.strip()}".strip()
        elif match := _KEY.fullmatch(line):
            key = match[1].lower()
            fields[key] = "" if match[2].strip() in {"|", ">", "|-", ">-"} else match[2].strip()
    return None


def _plain(value: str) -> str:
    quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
    return value[1:-1] if quoted else value
