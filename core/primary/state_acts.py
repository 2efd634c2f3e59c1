"""What people do to the channel's state, inside the transaction that answers them. Looking at it
is for `look_acts`."""

from core.conflicts import conflict_buttons, conflict_text
from core.errors import BadRequest
from core.posts import plain
from core.primary.acts import Resolve
from core.primary.doing import Doing, Done
from core.rights import Right
from core.state import person
from core.state.apply import Merged
from core.state.conflicts import OpenConflict, conflict, count_open, open_conflicts, was_open
from core.state.history import commit_info
from core.state.resolution import Both, Choice, Stale, take
from core.state.resolution import resolve as resolve_conflict
from core.state.undo import undo as undo_commit

_MOST_SHOWN = 10  # conflicts


def put(doing: Doing, key: str, text: str) -> Done:
    """Set a key as a person."""
    doing.require(Right.DECIDE)
    merged = person.person_put(
        doing.tx, key, text, author=doing.author, at=doing.clock(), source=doing.source,
        rules=doing.own_rules,
    )  # fmt: skip
    return _merged(merged, f"Set `{_code(key)}`.", f"`{_code(key)}` is that already.")


def unset(doing: Doing, key: str) -> Done:
    """Delete a key as a person."""
    doing.require(Right.DECIDE)
    merged = person.person_delete(
        doing.tx, key, author=doing.author, at=doing.clock(), source=doing.source,
        rules=doing.own_rules,
    )  # fmt: skip
    return _merged(merged, f"Deleted `{_code(key)}`.", "Nothing changed.")


def pin(doing: Doing, key: str, pinned: bool) -> Done:
    """Show a key to the agent always, or no more."""
    doing.require(Right.DECIDE)
    if pinned:
        person.pin(doing.tx, key, doing.person, doing.clock())
        return Done(text=f"Pinned `{_code(key)}`: the agent always sees it.")
    person.unpin(doing.tx, key)
    return Done(text=f"Unpinned `{_code(key)}`.")


def undo(doing: Doing, commit: int) -> Done:
    """Take a commit back."""
    doing.require(Right.DECIDE)
    merged = undo_commit(doing.tx, commit, doing.author, doing.clock(), doing.source)
    return _merged(merged, f"Undid commit {commit}.", f"Commit {commit} is undone already.")


def show_conflicts(doing: Doing) -> Done:
    """List what waits for a decision, the first with its buttons."""
    found = open_conflicts(doing.tx, _MOST_SHOWN)
    if not found:
        return Done(text="There are no conflicts.")
    text = "\n\n".join(conflict_text(doing.tx, one) for one in found)
    if len(found) > 1:
        more = count_open(doing.tx) - len(found)
        rest = f"And {more:,} more. " if more else ""
        return Done(text=f"{text}\n\n{rest}Decide one with `/resolve N CHOICE`.")
    return Done(text=text, buttons=conflict_buttons(doing.tx, found[0]))


def resolve(doing: Doing, act: Resolve) -> Done:
    """Settle a conflict, unless the person saw an older question than there is now."""
    doing.require(Right.DECIDE)
    now = conflict(doing.tx, act.conflict)
    if now is None:
        known = was_open(doing.tx, act.conflict)
        what = "is settled already" if known else "was never asked about here"
        text = f"Conflict #{act.conflict} {what}; nothing was changed."
        return Done(text=text, refused=True)
    revision = now.revision if act.revision is None else act.revision
    choice = _choice(act)
    end = resolve_conflict(
        doing.tx, act.conflict, revision, choice, doing.author, doing.clock(), doing.source,
        doing.own_rules,
    )  # fmt: skip
    if isinstance(end, Stale):
        return _asked_again(doing, now)
    by = plain(doing.person.name)
    return _merged(end, f"Conflict #{act.conflict} is settled by {by}.", "")


def _choice(act: Resolve) -> Choice:
    if act.text is not None:
        return act.text
    assert act.choice is not None
    return Both(candidate=act.choice) if act.both else act.choice


def take_lost(doing: Doing, commit: int, line: int) -> Done:
    """Take what a person's own write outranked, after all."""
    doing.require(Right.DECIDE)
    info = commit_info(doing.tx, commit)
    if info is None or line >= len(info.receipt) or info.receipt[line].take is None:
        raise BadRequest("There is nothing to take behind this button.")
    lost = info.receipt[line]
    assert lost.take is not None
    merged = take(doing.tx, lost.key, lost.take, doing.author, doing.clock(), doing.source)
    return _merged(merged, f"Took `{_code(lost.key)}` of commit {lost.take}.", "")


def _asked_again(doing: Doing, now: OpenConflict) -> Done:
    text = (
        "That question has changed since it was asked, so nothing was done. This is how it"
        f" stands now:\n\n{conflict_text(doing.tx, now)}"
    )
    return Done(text=text, buttons=conflict_buttons(doing.tx, now))


def _merged(merged: Merged, done: str, nothing: str) -> Done:
    return Done(text=done if merged.commit is not None else nothing or done, merged=merged)


def _code(key: str) -> str:
    return key.replace("`", "'")
