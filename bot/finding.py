"""What the doctor finds: one thing each, with what to do about it. Looks at nothing itself."""

from dataclasses import dataclass
from enum import StrEnum

from bot.checks import printable


class Level(StrEnum):
    """How bad a finding is: a problem keeps the bot, or what was asked of it, from working."""

    OK = "ok"
    NOTE = "note"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing looked at. `advice` is what to do about it, "" if nothing."""

    level: Level
    about: str
    text: str
    advice: str = ""

    def __str__(self) -> str:
        first = f"{self.level:8} {self.about:9} {printable(self.text)}"
        return f"{first}\n{'':18} -> {printable(self.advice)}" if self.advice else first
