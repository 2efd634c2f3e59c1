"""An open conflict as a question to people: all versions, who wrote each, a button for each."""

from collections.abc import Sequence
from dataclasses import replace

from core.legible import legible
from core.messages import Button, Post, PostKind, ThreadRef
from core.messages.views import CandidateLine
from core.posts import plain
from core.records import messages
from core.state.apply import Merged
from core.state.conflicts import OpenConflict, closed_by, conflict
from core.state.database import Transaction
from core.state.questions import MOST_PLACES, conflict_line

MOST_QUESTIONS = 10
MOST_DIFFERENT = 20
_LABEL = 60


def conflict_posts(
    tx: Transaction, thread: ThreadRef, numbers: Sequence[int], commit: int | None, at: float
) -> tuple[Post, ...]:
    """A post for each open conflict of these whose present question was not asked yet.

    After the first ten one more post says how many there are: thousands would bury the thread.
    """
    posts: list[Post] = []
    for place, number in enumerate(numbers):
        if len(posts) == MOST_QUESTIONS:
            posts.append(_summary(thread, commit, len(numbers) - place, at))
            break
        found = conflict(tx, number)
        if found is not None and messages.seq_of(tx, _id(found)) is None:
            posts.append(_post(tx, thread, found, at))
    return tuple(posts)


def outdated_posts(tx: Transaction, merged: Merged) -> tuple[Post, ...]:
    """The questions that a merge has made idle, without their buttons: those about conflicts that
    it closed, and the older ones about those that are asked about anew."""
    if merged.commit is None:
        return ()
    settled = f"**Settled** in commit {merged.commit}."
    idle = dict.fromkeys(closed_by(tx, merged.commit), settled)
    idle |= dict.fromkeys(merged.conflicts, "**Asked anew:** there is something else to choose.")
    standing = {_id(found) for found in (conflict(tx, one) for one in merged.conflicts) if found}
    return tuple(
        replace(post, text=f"{post.text}\n\n{words}", buttons=())
        for number, words in idle.items()
        for post in messages.posts_named(tx, f"conflict:{number}:")
        if post.buttons and post.id not in standing
    )


def conflict_text(tx: Transaction, found: OpenConflict) -> str:
    """The question with every version, and what each would change."""
    line = conflict_line(tx, found)
    keys = ", ".join(f"`{_code(place.key)}`" for place in found.places[:MOST_PLACES])
    if len(found.places) > MOST_PLACES:
        keys += f" and {len(found.places) - MOST_PLACES:,} more"
    versions = "\n".join(_version(one) for one in line.candidates)
    return f"Conflict #{found.number}: which should {keys} be?\n\n{versions}"


def _version(one: CandidateLine) -> str:
    grounds = "what stands now" if one.number == 0 else f"based on commit {one.base}"
    # A person's act says no more than who did it, and how.
    about = f": {plain(one.about)}" if one.label.startswith("job ") and one.about else ""
    # What never was has no author.
    who = f"{plain(one.author)}{about}, " if one.author else ""
    text = f"- **{one.number}** {plain(one.value)} ({who}{grounds})"
    if not one.diff:
        return text
    cut = len(one.diff) > MOST_DIFFERENT + 1
    lines = legible("\n".join((*one.diff[:MOST_DIFFERENT], "… and more") if cut else one.diff))
    fence = "```"
    while fence in lines:
        fence += "`"
    return f"{text}\n\n{fence}diff\n{lines}\n{fence}\n"


def conflict_buttons(tx: Transaction, found: OpenConflict) -> tuple[Button, ...]:
    """A button for each version, and one for a value of one's own where that makes sense."""
    buttons = conflict_line(tx, found).buttons
    return tuple(
        Button(action=one.action, label=_short(one.label), style=one.style, asks=one.asks)
        for one in buttons
    )


def take_buttons(merged: Merged) -> tuple[Button, ...]:
    """For each write that a person's own outranked, a button that takes it all the same."""
    if merged.commit is None:
        return ()
    return tuple(
        Button(
            action=f"take.{merged.commit}.{place}",
            label=_short(f"Take the job's {line.key}"),
        )
        for place, line in enumerate(merged.receipt)
        if line.take is not None
    )


def _post(tx: Transaction, thread: ThreadRef, found: OpenConflict, at: float) -> Post:
    return Post(
        id=_id(found),
        thread=thread,
        kind=PostKind.CONFLICT,
        text=conflict_text(tx, found),
        at=at,
        buttons=conflict_buttons(tx, found),
    )


def _summary(thread: ThreadRef, commit: int | None, left: int, at: float) -> Post:
    return Post(
        id=f"conflicts:{commit}",
        thread=thread,
        kind=PostKind.CONFLICT,
        text=f"Up to {left:,} more conflicts wait for a decision: `/conflicts` lists them.",
        at=at,
    )


def _id(found: OpenConflict) -> str:
    return f"conflict:{found.number}:{found.revision}"


def _short(label: str) -> str:
    flat = legible(" ".join(label.split()))
    return flat if len(flat) <= _LABEL else f"{flat[: _LABEL - 1]}…"


def _code(key: str) -> str:
    return key.replace("`", "'")
