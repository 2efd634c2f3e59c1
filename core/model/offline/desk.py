"""What an offline subagent has at hand while it works: tools, people's words, its report."""

import re
from collections import deque
from collections.abc import Generator
from dataclasses import dataclass, field

from core.model.offline import words
from core.model.offline.intents import Action, LaunchText
from core.model.offline.talk import Call, Told

Steps = Generator[Call, Told, None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """What a person said to the job."""

    by: str
    text: str


@dataclass(slots=True, kw_only=True)
class Desk:
    """One job's means, made anew for every model call: all follows from the transcript."""

    tools: frozenset[str]
    sources: tuple[str, ...] = ()
    heard: deque[Word] = field(default_factory=deque)
    queue: deque[Action] = field(default_factory=deque)
    launched: LaunchText | None = None
    mentions: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    failures: int = 0
    hurried: bool = False

    def note(self, line: str, shown: str = "") -> None:
        """Say in the report what was done, with what came of it."""
        self.notes.append(f"- {line}" + (f"\n\n{words.block(shown)}\n" if shown else ""))

    def failed(self, line: str, told: Told | None = None) -> None:
        """Say in the report what did not work, and why."""
        self.failures += 1
        self.note(f"**Did not work:** {line}", told.text if told else "")

    def lacks(self, tool: str, line: str) -> bool:
        """Whether a tool is off here; then the report says that the work was left undone."""
        if tool in self.tools:
            return False
        self.failed(f"{line}: {tool} is off here.")
        return True

    def report(self) -> str:
        """The job's result."""
        end = f"{self.failures} of these did not work." if self.failures else ""
        parts = ["\n".join(self.notes).rstrip(), end, words.SIGNED]
        return "\n\n".join(part for part in parts if part)


def tell(text: str) -> Call:
    """Show people what is being done."""
    return Call(tool="progress", arguments={"text": text})


_FAILED = re.compile(r"error\b|exit code [^0]|timed out|killed by|was interrupted", re.IGNORECASE)


def told(text: str) -> Told:
    """What a tool's result means."""
    plain = words.bare_result(text)
    return Told(text=plain, failed=_FAILED.match(plain) is not None)
