"""What whoever runs the bot does to a channel, or to who may use the bot, from the command line,
beside a running bot or without one. Asks for no rights: who can write the file has them all."""

from contextlib import AbstractContextManager, suppress
from pathlib import Path

from core import bell, pairing_rows
from core.conflicts import conflict_posts, outdated_posts
from core.errors import BadRequest, StoreError
from core.messages import ChannelRef, Person, Post, PostKind, ThreadRef
from core.pairing import read
from core.pairing_rows import Paired, Wish
from core.posts import plain, receipt_lines, undo_button
from core.records import outbox
from core.state.apply import Merged
from core.state.channels import Channels
from core.state.control import mark_from_outside
from core.state.database import Transaction
from core.state.operations import Author, AuthorKind
from core.state.reading import reading, writing
from core.state.schema import (
    CHANNEL_APPLICATION_ID,
    CONTROL_APPLICATION_ID,
    channel_migrations,
    control_migrations,
)
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
    # It is done and kept; unheard, only whoever looks at the page sees it later.
    with suppress(OSError):
        bell.ring(root, channel)
    return merged


def pair(root: Path, code: str, by: Person, at: float) -> Paired:
    """Let in who was given this code. Blocks. Raises BadRequest for none of those, StoreError."""
    with _control(root) as tx:
        found = pairing_rows.approve(tx, read(code), by.name, at)
        if found is None:
            raise BadRequest("no one who waits has this code; `thaw pairs` shows who does")
    _ring(root)
    return found


def unpair(root: Path, person: str) -> Paired:
    """Let the person of this id in no more. Blocks. Raises BadRequest for nobody, StoreError."""
    with _control(root) as tx:
        found = pairing_rows.remove(tx, person)
        if found is None:
            raise BadRequest("nobody with this id was let in; `thaw pairs` shows who was")
    _ring(root)
    return found


def pairs(root: Path, at: float) -> tuple[tuple[Wish, ...], tuple[Paired, ...]]:
    """Who waits to be let in, and who was. Blocks. Raises StoreError."""
    path = root / "control.db"
    with reading(path, CONTROL_APPLICATION_ID, len(control_migrations())) as tx:
        return pairing_rows.waiting(tx, at), pairing_rows.paired(tx)


def _control(root: Path) -> AbstractContextManager[Transaction]:
    return writing(root / "control.db", CONTROL_APPLICATION_ID, len(control_migrations()))


def _ring(root: Path) -> None:
    """A bot that runs has it at once. Raises StoreError when it cannot be told."""
    try:
        bell.ring(root, None)
    except OSError as error:
        raise StoreError(
            f"this is kept, but the bot cannot be told of it ({error.strerror}): restart it"
        ) from error


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
    for outdated in outdated_posts(tx, merged):
        outbox.show_again(tx, outdated)
    return merged
