"""What the doctor is told of a platform, in the words that all have in common. Asks nobody."""

import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Literal

_CLOCK_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """One thing that was looked at; `advice` says what to click, "" for nothing."""

    level: Literal["ok", "note", "problem"]
    text: str
    advice: str = ""


def ahead_s(date: str) -> float | None:
    """How many seconds this machine's clock is before the time of a Date header that has just
    come, less than 0 when it is behind; None when the header tells no time."""
    try:
        return time.time() - parsedate_to_datetime(date).timestamp()
    except ValueError:
        return None


def clock(ahead: float | None, advice: str, problem_s: float = float("inf")) -> list[Examined]:
    """Nothing while the clock is right within a minute; beyond `problem_s` it is a problem."""
    if ahead is None or abs(ahead) < _CLOCK_S:
        return []
    text = f"this machine's clock is {abs(ahead):.0f} s {'ahead' if ahead > 0 else 'behind'}"
    level: Literal["note", "problem"] = "problem" if abs(ahead) > problem_s else "note"
    return [Examined(level=level, text=text, advice=advice)]
