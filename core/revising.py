"""What an edit or a deletion does in the channel's file: one transaction. Tells nobody and ends
no running task."""

from dataclasses import dataclass, replace
from typing import assert_never

from core.errors import NotAllowed
from core.forgetting.traces import FORGOTTEN
from core.messages import Change, Deletion, Edit, Message, Post, PostKind, ThreadRef
from core.records import inbox, outbox, revisions, turns
from core.state.database import Transaction

_GONE = "The message was deleted, so I stopped answering it. No job was started for it."


@dataclass(frozen=True, slots=True, kw_only=True)
class Revised:
    """A message that was still owed an answer is owed another one, about `message`, or none.

    `id` is its inbox id, `thread` where it was said.
    """

    thread: ThreadRef
    id: str
    message: Message | None


def revise(tx: Transaction, change: Change, now: float) -> Revised | None:
    """Let the record show what the message says now, or nothing of it; None when no answer is
    owed, or when the one that is being written stays.

    Raises NotAllowed when the edit is not by the message's author; then nothing is kept.
    """
    said = revisions.standing(tx, change.message_id)
    if said is None or not inbox.note(tx, change):
        return None
    id, thread = f"message:{change.message_id}", replace(change.thread, thread=said.thread)
    match change:
        case Edit():
            if change.author.id != said.author_id:
                raise NotAllowed("Only who wrote a message may change it.")
            late = said.revised_at is not None and change.at < said.revised_at
            # What was forgotten stays forgotten.
            if late or said.text == FORGOTTEN:
                return None
            revisions.rewrite(tx, change.message_id, change.text, change.at)
            if change.text == said.text:
                return None  # told of what is known already: the turn about it goes on
            revisions.resteer(tx, id, said.text, change.text)
            return _asked_otherwise(tx, change, id, now)
        case Deletion():
            revisions.remove(tx, change.message_id)
            revisions.unsteer(tx, id)
            return _withdrawn(tx, id, thread, now)
        case _ as unreachable:
            assert_never(unreachable)


def _asked_otherwise(tx: Transaction, edit: Edit, id: str, now: float) -> Revised | None:
    owed = inbox.find(tx, id)
    if not isinstance(owed, Message):
        return None
    message = replace(owed, text=edit.text)
    if not message.text.strip() and not message.files:
        return _withdrawn(tx, id, message.thread, now)
    turn = turns.running_about(tx, id)
    if turn is not None:
        if turns.replies(tx, turn):
            return None
        # Nothing was answered and nothing done yet: it begins anew.
        turns.end(tx, turn)
    inbox.replace(tx, message)
    return Revised(thread=message.thread, id=id, message=message)


def _withdrawn(tx: Transaction, id: str, thread: ThreadRef, now: float) -> Revised | None:
    if not inbox.close(tx, id):
        return None
    turn = turns.running_about(tx, id)
    if turn is not None:
        turns.give_up(tx, turn, id)
        # People may have seen the beginning of the answer, so it needs an end.
        asked = id.removeprefix("message:")
        post = Post(
            id=f"answer:{asked}", thread=thread, kind=PostKind.NOTICE, text=_GONE, at=now,
            reply_to=asked,
        )  # fmt: skip
        outbox.put(tx, post)
    return Revised(thread=thread, id=id, message=None)
