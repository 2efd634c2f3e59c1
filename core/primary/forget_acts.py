"""What people do to have something forgotten: asked for, shown, confirmed. The removing itself is
core.forgetting's."""

from collections.abc import Sequence

from core.errors import BadRequest
from core.forgetting.traces import Traces, dump, texts_of
from core.jobs.admission import Ticket
from core.jobs.supervisor import Stop
from core.messages import Button, Post, PostKind, ThreadRef
from core.posts import plain
from core.primary.doing import Doing, Done
from core.records import forget, forgettings, inbox, jobs, messages, turns
from core.records.forgettings import Forgetting, Stage, What
from core.rights import Right
from core.state import forget as state
from core.state.receipts import counted

_GONE = (
    "I was forgetting something that I may have seen for this answer. Say it again if it is open."
)
_ELSEWHERE = "What people posted stays on the platform itself: delete it there by hand."
_ALL_ELSEWHERE = "What people and I posted stays on the platform itself: delete it there by hand."


def ask(doing: Doing, what: What, name: str) -> Done:
    """Say what would go, with a button that makes it go."""
    if what is What.PERSON:
        name = _person(doing, name)
    _require(doing, what, name)
    upto = messages.newest(doing.tx)
    shown = _described(doing, what, name, upto)
    return _asked(doing, what, name, shown, upto)


def confirm(doing: Doing, number: int) -> Done:
    """Begin, unless something else would go than was shown."""
    wish = forgettings.read(doing.tx, number)
    if wish is None:
        raise BadRequest("This button is none of mine; nothing was done.")
    _require(doing, wish.what, wish.name)
    if wish.stage is not Stage.ASKED:
        done = wish.stage is Stage.DONE
        return Done(text="That is forgotten already." if done else "I am at it already.")
    shown = _described(doing, wish.what, wish.name, wish.upto)
    if shown != wish.shown:
        upto = messages.newest(doing.tx)
        again = _described(doing, wish.what, wish.name, upto)
        asked = _asked(doing, wish.what, wish.name, again, upto)
        return Done(
            text=f"What would go is not what it was, so nothing was done. {asked.text}",
            buttons=asked.buttons,
        )
    return _begun(doing, wish)


def _asked(doing: Doing, what: What, name: str, shown: str, upto: int) -> Done:
    number = forgettings.ask(
        doing.tx, thread=doing.event.thread.thread, what=what, name=name, shown=shown, upto=upto,
        by=doing.person.name,
    )  # fmt: skip
    button = Button(action=f"forget.{number}", label="Forget for good", style="danger")
    stays = _ALL_ELSEWHERE if what is What.CHANNEL else _ELSEWHERE
    text = f"This would go for good, and cannot be undone:\n\n{shown}\n\n{stays}"
    return Done(text=text, buttons=(button,))


def _require(doing: Doing, what: What, name: str) -> None:
    doing.require(Right.FORGET, owner=name if what is What.PERSON else None)


def _person(doing: Doing, name: str) -> str:
    if name == "":
        return doing.person.id
    found = forget.people(doing.tx, name)
    if len(found) != 1:
        several = ", ".join(f"{plain(found[id])} ({plain(id)})" for id in found)
        raise BadRequest(
            f"{plain(name)} may be any of: {several}. Name one by the id."
            if found
            else f"Nobody called {plain(name)} has said anything here."
        )
    return next(iter(found))


def _begun(doing: Doing, wish: Forgetting) -> Done:
    tx, traces, stops = doing.tx, Traces(), tuple[Stop, ...]()
    others = _give_up_turns(doing)
    match wish.what:
        case What.KEY:
            found = state.find(tx, wish.name)
            prefix = wish.name[:-1] if wish.name.endswith("*") else None
            texts = texts_of(state.values(tx, wish.name))
            traces = Traces(keys=(*found.keys, *found.files), texts=texts, prefix=prefix)
            about = f"forgot {wish.name}"
            lines = list(state.lines_of(found))
            state.note(tx, about, lines, doing.author, doing.clock(), doing.source)
        case What.CHANNEL:
            about, lines = "forgot everything", []
            number = state.note(tx, about, lines, doing.author, doing.clock(), doing.source)
            state.close_past(tx, number)
            _close_all(doing)
            stops = _stop_all(doing)
        case What.PERSON:
            paths = forget.files_of(tx, wish.name, wish.upto)
            traces = Traces(keys=paths)
            if paths:
                gone = state.Found(files=paths)
                lines = list(state.lines_of(gone))
                about = "forgot files that came with messages"
                state.note(tx, about, lines, doing.author, doing.clock(), doing.source)
    forgettings.confirm(tx, wish.number, doing.person.name, dump(traces))
    text = "I am forgetting it. Jobs that may have seen it are stopped; I say when all is gone."
    return Done(
        text=text, stops=stops, forgets=wish.number, others=others,
        paused=False if wish.what is What.CHANNEL else None,
    )  # fmt: skip


def _give_up_turns(doing: Doing) -> tuple[Post, ...]:
    """An answer that is being written may quote it: nothing comes of it, and people are told."""
    posts = []
    for turn, message, thread in turns.running(doing.tx):
        turns.give_up(doing.tx, turn, message)
        if inbox.close(doing.tx, message):
            id = message.removeprefix("message:")
            post = Post(
                id=f"answer:{id}", thread=ThreadRef(channel=doing.channel, thread=thread),
                kind=PostKind.NOTICE, text=_GONE, at=doing.clock(), reply_to=id,
            )  # fmt: skip
            posts.append(post)
    return tuple(posts)


def _close_all(doing: Doing) -> None:
    for owed in inbox.owed(doing.tx):
        inbox.close(doing.tx, owed.id)


def _stop_all(doing: Doing) -> tuple[Stop, ...]:
    stops = []
    for number, person in jobs.wanted(doing.tx):
        row = jobs.read(doing.tx, doing.channel, number)
        if row is not None:
            by = f"{doing.person.name}, who wanted all of this channel forgotten"
            jobs.ask_stop(doing.tx, number, by)
            ticket = Ticket(channel=doing.channel, number=number, person=person)
            stops.append(Stop(ticket=ticket, thread=row.thread, by=by))
    return tuple(stops)


def _described(doing: Doing, what: What, name: str, upto: int) -> str:
    """What would go, a line each; the same as long as it is the same. Raises BadRequest when
    there is nothing."""
    match what:
        case What.PERSON:
            return _of_person(doing, name, upto)
        case What.KEY:
            return _of_key(doing, name, upto)
        case What.CHANNEL:
            return _of_channel(doing, upto)


def _of_person(doing: Doing, person: str, upto: int) -> str:
    tx = doing.tx
    said, name = tx.execute(
        "SELECT count(*), max(author) FROM messages WHERE author_id = ? AND seq <= ?",
        (person, upto),
    ).fetchone()
    if not said:
        raise BadRequest("There is no message to forget.")
    asked = tx.execute("SELECT count(*) FROM jobs WHERE requester_id = ?", (person,)).fetchone()[0]
    files = forget.files_of(tx, person, upto)
    sent = [f"{counted(len(files), 'file')} that came with them: {_names(files)}"] if files else []
    return _list(
        f"{counted(said, 'message')} of {plain(name)}, and what I posted in answer to them",
        *sent,
        f"what {counted(asked, 'job')} of theirs were told and said",
        "all transcripts and workspaces of jobs whose snapshot shows these messages;"
        " such jobs that run are stopped",
        kept="what others said, also where they quote it; what was written into the state"
        " (`/forget KEY`); who wrote what, when",
    )


def _of_key(doing: Doing, name: str, upto: int) -> str:
    found = state.find(doing.tx, name)
    if found.nothing:
        raise BadRequest(f"There never was a {plain(name)} here; /state shows what there is.")
    texts = texts_of(state.values(doing.tx, name))
    traces = Traces(keys=(*found.keys, *found.files), texts=texts)
    quoting = forget.count_quoting(doing.tx, traces, upto)
    return _list(
        f"{counted(len(found.keys), 'key')} and {counted(len(found.files), 'file')}:"
        f" {_names((*found.keys, *found.files))}",
        f"{counted(found.versions, 'version')}, now and in the past, and what"
        f" {counted(found.commits, 'commit')} say of them",
        f"the texts of {quoting} that quote a value",
        "transcripts and workspaces of jobs that read, wrote or quote it; such jobs that run are"
        " stopped",
        kept="the names, so that history can say what was forgotten; the same values elsewhere",
    )


def _of_channel(doing: Doing, upto: int) -> str:
    def count(query: str, *given: int) -> int:
        row = doing.tx.execute(f"SELECT count(*) FROM {query}", given)  # noqa: S608 - constants
        return int(row.fetchone()[0])

    return _list(
        f"{counted(count('messages WHERE seq <= ?', upto), 'message')} of people and mine",
        f"the whole state: {counted(count('entries'), 'key')} and files with their history",
        f"{counted(count('jobs'), 'job')} with their transcripts and workspaces; all that run are"
        " stopped",
        "this channel's settings",
        kept="what was spent; ids of messages, so that none is answered twice",
    )


def _list(*lines: str, kept: str) -> str:
    return "\n".join([*(f"- {line}" for line in lines), f"- Kept: {kept}."])


def _names(names: Sequence[str]) -> str:
    shown = ", ".join(plain(name) for name in names[:10])
    return shown if len(names) <= 10 else f"{shown} and {len(names) - 10:,} more"
