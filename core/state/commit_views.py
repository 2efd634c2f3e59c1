"""The history as people see it: commits with what they changed, and an Undo. Reads only."""

from dataclasses import replace

from core.errors import BadRequest
from core.messages import Button
from core.messages.views import CommitLine, CommitView, History
from core.state import kept
from core.state.changes import changes
from core.state.database import Transaction
from core.state.facts import head
from core.state.history import CommitInfo, commit_info, history
from core.state.moments import check_commit
from core.state.provenance import asked_by


def history_view(
    tx: Transaction, key: str | None = None, before: int | None = None, limit: int = 50
) -> History:
    """Commits below `before`, newest first, with an Undo for each that can be undone.

    Those of one key come with what they did to it.
    """
    found = history(tx, key, before, limit + 1)
    lines = tuple(_line(tx, info, key) for info in found[:limit])
    return History(lines=lines, more=len(found) > limit)


def commit_view(tx: Transaction, number: int) -> CommitView:
    """One commit with what it changed. Raises BadRequest when there is none of that number."""
    check_commit(tx, number)
    info = commit_info(tx, number)
    if info is None:
        raise BadRequest("there is no commit 0: the first is commit 1")
    changed, beyond = changes(tx, info)
    return CommitView(
        line=replace(_line(tx, info), changes=changed), newest=head(tx), beyond=beyond
    )


def _line(tx: Transaction, info: CommitInfo, key: str | None = None) -> CommitLine:
    undoable = (
        info.undone_by is None
        and info.number > kept.floor(tx)
        and not info.source.startswith(kept.FORGOT)
    )
    return CommitLine(
        commit=info.number,
        author=str(info.author),
        about=info.about,
        at=info.at,
        job=info.author.job,
        lines=tuple(line.text for line in info.receipt),
        buttons=(Button(action=f"undo.{info.number}", label="Undo"),) if undoable else (),
        base=info.base,
        asked=asked_by(tx, info),
        undoes=info.undoes,
        undone_by=info.undone_by,
        changes=() if key is None else changes(tx, info, key)[0],
    )
