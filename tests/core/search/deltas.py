"""Changes of a channel's state as functions of a transaction. Checks nothing."""

from collections.abc import Callable

from core.state.apply import merge
from core.state.database import Transaction
from core.state.facts import head
from core.state.operations import Author, AuthorKind, Delta, FileChange, Operation
from core.state.rules import Rules

JOB = Author(kind=AuthorKind.JOB, person_id="u1", name="Ann", job=4)
AT = 1762162920.0


def change(source: str, *changes: Operation | FileChange) -> Callable[[Transaction], None]:
    """A job's merge of these changes, based on head."""

    def act(tx: Transaction) -> None:
        delta = Delta(
            source=source,
            author=JOB,
            base=head(tx),
            at=AT,
            about="",
            operations=tuple(one for one in changes if isinstance(one, Operation)),
            files=tuple(one for one in changes if isinstance(one, FileChange)),
        )
        merge(tx, delta, Rules())

    return act
