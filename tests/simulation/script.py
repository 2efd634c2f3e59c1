"""What is to be done about a message, written into the message, so that the model needs no memory.
No assertions.

A message is a name and words: `m7 add:3 job:raw job:q tell`, where `tell` is to say something to
the first job before it is one, and `both:general:rl` is a job of which several people ask for just
the same. A job's word has a letter for each step:
a adds one to `n`, r reads `n`, p puts `color`, w writes a file, s runs a command that all run, o
one of its own, q asks people, g tells its progress, f searches, l is slow, u is refused by the
model's server.
"""

import re
from dataclasses import dataclass
from random import Random

KINDS = "aarrpppwsoqglf"
_JOB = re.compile(r"Job (\d+): (\S+)\n<brief>\n(\S+) ([a-z]*)\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """What a job is to do: its name and its letters."""

    name: str
    steps: str

    @property
    def adds(self) -> int:
        """What it adds to `n`."""
        return self.steps.count("a")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a message asks for; `name` is also the message's id."""

    name: str
    add: int
    jobs: tuple[Errand, ...]
    tell: bool


def wish_text(chance: Random, name: str, channel: str, alike: float) -> str:
    """A text for a message in the channel. `alike` is how likely it asks for what others do."""
    words = [name]
    if chance.random() < 0.4:
        words.append(f"add:{chance.randrange(1, 9)}")
    for _ in range(chance.choice((0, 0, 1, 1, 2, 3))):
        steps = "".join(chance.choice(KINDS) for _ in range(chance.randrange(1, 6)))
        words.append(f"job:{'u' if chance.random() < 0.05 else ''}{steps}")
    if chance.random() < alike:
        words.append(f"both:{channel}:{chance.choice(('rl', 'rl', 'al'))}")
    if chance.random() < 0.2:
        words.append("tell")
    return " ".join(words)


def wish(text: str) -> Wish:
    """Read it."""
    name, *words = text.split()
    add = sum(int(word[4:]) for word in words if word.startswith("add:"))
    steps = [word[4:] for word in words if word.startswith("job:")]
    jobs = tuple(Errand(name=f"{name}.{at}", steps=one) for at, one in enumerate(steps, 1))
    both = (word.split(":") for word in words if word.startswith("both:"))
    jobs += tuple(Errand(name=f"{what}.{channel}", steps=one) for what, channel, one in both)
    return Wish(name=name, add=add, jobs=jobs, tell="tell" in words)


def errand(brief: str) -> Errand:
    """What a job's brief says."""
    name, _, steps = brief.partition(" ")
    return Errand(name=name, steps=steps)


def job_in(opening: str) -> tuple[int, Errand] | None:
    """The job's number and errand that a model is told of; None when it is no job."""
    found = _JOB.search(opening)
    return None if found is None else (int(found[1]), Errand(name=found[3], steps=found[4]))
