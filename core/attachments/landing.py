"""Files of a message become workspace files, in the transaction that keeps the message: as their
sender's own change. Nothing that is there is overwritten."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import count

from core.attachments.limits import FULL, LARGEST_CHANNEL, too_much
from core.attachments.names import cleaned, numbered, split
from core.attachments.spool import Content, Spool
from core.messages import Attachment, Message, Post, PostKind
from core.posts import plain
from core.state.apply import merge
from core.state.database import Transaction
from core.state.facts import head
from core.state.files import add_blob, find_file, list_files
from core.state.operations import Author, AuthorKind, Delta, FileChange, Stored
from core.state.rules import Rules
from core.state.space import size_of

FOLDER = "inbox"
_MOST_TOLD = 20
_BEGINNING = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Landing:
    """Where files of messages land. Its methods run inside a write of the channel."""

    spool: Spool
    rules: Rules
    clock: Callable[[], float]

    def land(self, tx: Transaction, message: Message) -> Message:
        """Bring the message's files into the workspace; the message with what became of each.

        Raises StoreError.
        """
        places = _Places(tx)
        landed = list[Attachment]()
        for file in message.files:
            found = self.spool.find(file)
            problem = found if isinstance(found, str) else _refusal(tx, found, landed)
            if problem or isinstance(found, str):
                landed.append(replace(file, handle="", problem=problem))
            else:
                path = places.of(file.name, found)
                add_blob(tx, found.sha256, found.pieces())
                landed.append(
                    replace(file, handle="", size=found.size, path=path, kind=found.kind())
                )
        self._merge(tx, message, places.new)
        return replace(message, files=tuple(landed))

    def _merge(self, tx: Transaction, message: Message, files: tuple[FileChange, ...]) -> None:
        author = Author(
            kind=AuthorKind.PERSON, person_id=message.author.id, name=message.author.name
        )
        delta = Delta(
            source=f"files:{message.id}",
            author=author,
            base=head(tx),
            at=self.clock(),
            about="sent with a message",
            files=files,
        )
        merge(tx, delta, self.rules.for_channel(message.thread.channel))

    def refusals(self, message: Message) -> Post | None:
        """What is to be told of files that were not taken."""
        refused = [file for file in message.files if file.problem]
        if not refused:
            return None
        lines = [f"- {plain(file.name)}: {file.problem}" for file in refused[:_MOST_TOLD]]
        if len(refused) > _MOST_TOLD:
            lines.append(f"- and {len(refused) - _MOST_TOLD:,} more")
        return Post(
            id=f"reply:files:{message.id}",
            thread=message.thread,
            kind=PostKind.NOTICE,
            text="\n".join(("I did not take:", "", *lines)),
            at=self.clock(),
            reply_to=message.id,
        )


class _Places:
    """The paths of some files in a channel's workspace."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._folder = next(
            name for n in count(1) if find_file(tx, name := numbered(FOLDER, n)) is None
        )
        self._mine: dict[str, FileChange] = {}

    @property
    def new(self) -> tuple[FileChange, ...]:
        """The files that are not there yet."""
        return tuple(self._mine.values())

    def of(self, name: str, content: Content) -> str:
        """Where the file goes, or where it is already; nothing else is there or waits for it."""
        name = cleaned(name)
        stored = Stored(content.sha256, content.size)
        beginning = f"{self._folder}/{split(name)[0][:_BEGINNING]}"
        there = {file.path: file.sha256 for file in list_files(self._tx, beginning)}
        there |= {
            path: change.content.sha256
            for path, change in self._mine.items()
            if isinstance(change.content, Stored)
        }
        # A folder's name is taken by what is in it.
        taken = {"/".join(path.split("/")[:2]) for path in there} | _disputed(self._tx, beginning)
        for number in count(1):
            path = f"{self._folder}/{numbered(name, number)}"
            if there.get(path) == stored.sha256:
                return path
            if path not in taken:
                self._mine[path] = FileChange(path=path, content=stored)
                return path
        raise AssertionError("numbers end")


def _refusal(tx: Transaction, content: Content, before: Iterable[Attachment]) -> str:
    problem = too_much(content.size, before)
    if not problem and size_of(tx) + content.size > LARGEST_CHANNEL:
        return FULL
    return problem


def _disputed(tx: Transaction, beginning: str) -> set[str]:
    """Paths with an open conflict, which a person's write would settle."""
    rows = tx.execute(
        "SELECT e.key FROM conflicts AS c JOIN entries AS e ON e.id = c.entry"
        " WHERE c.closed IS NULL AND e.space = 'file' AND e.key >= ?1 AND e.key < ?1 || ?2",
        (beginning, chr(0x10FFFF)),
    )
    return {key for (key,) in rows}
