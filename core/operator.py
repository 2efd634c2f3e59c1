"""What whoever runs the bot does to a channel from the command line, beside a running bot or
without one. Asks for no rights: who can write the file has them all."""

from pathlib import Path

from core import bell
from core.conflicts import conflict_posts
from core.messages import ChannelRef, Person, Post, PostKind, ThreadRef
from core.posts import plain, receipt_lines, undo_button
from core.records import outbox
from core.state.apply import Merged
from core.state.channels import Channels
from core.state.control import mark_from_outside
from core.state.database import Transaction
from core.state.operations import Author, AuthorKind
from core.state.reading import writing
from core.state.schema import CHANNEL_APPLICATION_ID, channel_migrations
from core.state.undo import undo as undo_commit


def operator(name: str) -> Person:
    """Who is called `name` on the machine, as the author of what they do there."""
    shown = " ".join("".join(c if c.isprintable() else " " for c in name).split())[:60]
    return Person(id=f"operator:{shown}", name=f"{shown} (operator)" if shown else "operator")


def undo(
    root: Path, channel: ChannelRef, commit: int, by: Person, at: float, source: str
) -> Merged:
    """Undo a commit as a person, and have the channel told. Blocks.

    Raises BadRequest for what cannot be undone and StoreError for files that cannot be used.
    """
    # Before the channel has unfinished work, as always: a bot that starts later looks for it.
    mark_from_outside(root, channel)
    path = Channels(root).path(channel)
    with writing(path, CHANNEL_APPLICATION_ID, len(channel_migrations())) as tx:
        merged = _undo(tx, channel, commit, by, at, source)
    try:
        bell.ring(root, channel)
    except OSError:
        # It is done and kept; only whoever looks at the page sees it later.
        return merged
    return merged


def _undo(
    tx: Transaction, channel: ChannelRef, commit: int, by: Person, at: float, source: str
) -> Merged:
    author = Author(kind=AuthorKind.PERSON, person_id=by.id, name=by.name)
    merged = undo_commit(tx, commit, author, at, source)
    assert merged.commit is not None
    thread = ThreadRef(channel=channel, thread="")
    post = Post(
        id=f"reply:{source}",
        thread=thread,
        kind=PostKind.NOTICE,
        text=f"{plain(by.name)} undid commit {commit} from the command line.",
        at=at,
        receipt=receipt_lines(merged),
        buttons=(undo_button(merged.commit),),
    )
    for item in (post, *conflict_posts(tx, thread, merged.conflicts, merged.commit, at)):
        outbox.put(tx, item)
    return merged
