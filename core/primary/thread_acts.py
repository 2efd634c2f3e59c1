"""Stopping what goes on in a thread, inside the transaction that answers it."""

from core.errors import BadRequest
from core.jobs.admission import Ticket
from core.jobs.supervisor import Stop
from core.messages import Message, Post, PostKind
from core.posts import plain
from core.primary.doing import Doing, Done
from core.records import codec, inbox, jobs, turns
from core.rights import Right


def stop(doing: Doing, shown: str) -> Done:
    """End the answer that is being written, with what people were `shown` of it; the jobs of the
    thread go on. If none is written, ask for the end of those jobs."""
    running = turns.running_in(doing.tx, doing.event.thread.thread)
    if running is None:
        return _stop_jobs(doing)
    turn, id = running
    asked = inbox.find(doing.tx, id)
    if not isinstance(asked, Message):
        return _stop_jobs(doing)
    doing.require(Right.STEER, owner=asked.author.id)
    post = Post(
        id=f"answer:{asked.id}",
        thread=asked.thread,
        kind=PostKind.ANSWER,
        text=_as_it_stands(doing, turn, id, shown),
        at=doing.clock(),
        reply_to=asked.id,
    )
    turns.give_up(doing.tx, turn, id)
    inbox.close(doing.tx, id)
    return Done(text=f"Stopped the answer to {plain(asked.author.name)}.", others=(post,), ended=id)


def _as_it_stands(doing: Doing, turn: str, id: str, shown: str) -> str:
    replies = map(codec.reply.validate_json, turns.replies(doing.tx, turn))
    said = shown or "\n\n".join(reply.text.strip() for reply in replies if reply.text.strip())
    note = f"Stopped by {plain(doing.person.name)}."
    if turns.has_plans(doing.tx, turn, id):
        note += " What it was to start or to change was not done."
    return f"{said}\n\n*({note})*".lstrip()


def _stop_jobs(doing: Doing) -> Done:
    rows = jobs.unstopped(doing.tx, doing.event.thread)
    if not rows:
        raise BadRequest("Nothing runs in this thread. /jobs shows what runs elsewhere.")
    mine = [
        row
        for row in rows
        if doing.rights.may(Right.STEER, doing.person, doing.channel, owner=row.requester.id)
    ]
    if not mine:
        doing.require(Right.STEER, owner=rows[0].requester.id)
    for row in mine:
        jobs.ask_stop(doing.tx, row.number, doing.person.name)
    stops = tuple(
        Stop(
            ticket=Ticket(channel=doing.channel, number=row.number, person=row.requester.id),
            thread=row.thread,
            by=doing.person.name,
        )
        for row in mine
    )
    numbers = ", ".join(str(row.number) for row in mine)
    return Done(text=f"Stopping job{'' if len(mine) == 1 else 's'} {numbers}.", stops=stops)
