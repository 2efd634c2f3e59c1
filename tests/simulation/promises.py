"""What DESIGN 1 promises, asked of the files when all is at rest."""

import json
import re
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

from core.messages import ChannelRef
from tests.simulation.consent import Consent
from tests.simulation.life import Life
from tests.simulation.script import Errand, errand
from tests.simulation.world import GENERAL, RANDOM, World

_JOINED = re.compile(r"joined job (\d+)")


def done(world: World, data: Path, life: Life, consent: Consent, *, struck: bool) -> Iterator[str]:
    """What is wrong in the files when all is at rest, whatever has failed before. `struck`: a file
    has failed in this life, so that what was reserved may stand until the next start."""
    if not struck:
        with closing(sqlite3.connect(data / "control.db")) as file:
            for row in file.execute("SELECT id, held FROM reservations"):
                yield f"still reserved: {row}"
            for row in file.execute(
                "SELECT level, name FROM spent WHERE reserved_tokens != 0 OR reserved_nanos != 0"
            ):
                yield f"still reserved: {row}"
    for channel, file in _files(life):
        found = _Channel(world, consent, channel, file, data / "jobs")
        yield from (f"{channel.channel}: {line}" for line in found.unfinished())


def kept(world: World, data: Path, life: Life, consent: Consent) -> Iterator[str]:
    """What is wrong besides, after a life in which nothing failed and no channel is paused."""
    with closing(sqlite3.connect(data / "control.db")) as file:
        for row in file.execute("SELECT channel FROM channels WHERE unfinished"):
            yield f"still marked as unfinished: {row}"
        for (person,) in file.execute("SELECT person FROM paired WHERE NOT told"):
            yield f"{person} was let in and never told"
        rows = file.execute("SELECT level, name, tokens FROM spent WHERE tokens")
        charged = {(level, name): tokens for level, name, tokens in rows}
    total = sum(tokens for (level, _), tokens in charged.items() if level == "work")
    if total < world.paid:
        yield f"{total} tokens are charged, and the server was paid for {world.paid}"
    paid = {name for level, name in charged if level == "work"}
    for channel, file in _files(life):
        found = _Channel(world, consent, channel, file, data / "jobs")
        wrong = [*found.wrong()]
        if channel not in world.damaged:  # else a job's number may have been another's before
            wrong += found.uninvited(paid)
        yield from (f"{channel.channel}: {line}" for line in wrong)


def _files(life: Life) -> Iterator[tuple[ChannelRef, sqlite3.Connection]]:
    for channel in (GENERAL, RANDOM):
        path = life.channels.path(channel)
        if path.exists():
            with closing(sqlite3.connect(path)) as file, suppress(sqlite3.DatabaseError):
                file.execute("PRAGMA user_version")  # nobody may have met the damage yet
                yield channel, file


class _Channel:
    """One channel's file, and what the platform shows of it."""

    def __init__(
        self, world: World, consent: Consent, channel: ChannelRef, file: sqlite3.Connection,
        folders: Path,
    ) -> None:  # fmt: skip
        self._world = world
        self._consent = consent
        self._folders = folders
        self._channel = channel
        self._file = file
        self._posts: dict[str, dict[str, object]] = {}
        self._texts: dict[str, str] = {}
        for id, text, post in self._rows(
            "SELECT id, text, post FROM messages WHERE post IS NOT NULL ORDER BY seq"
        ):
            self._posts[str(id)] = json.loads(str(post))
            self._texts[str(id)] = str(text)

    def _rows(self, query: str) -> list[tuple[object, ...]]:
        return self._file.execute(query).fetchall()

    def wrong(self) -> Iterator[str]:
        """All that is."""
        yield from self._answers()
        yield from self._jobs()
        yield from self._sums()
        if self._channel in self._world.damaged:
            yield from self._mended()
            return
        yield from self._outbox()
        yield from self._order()
        yield from self._cards()
        yield from self._files()
        yield from self._unjoined()

    def uninvited(self, paid: set[str]) -> Iterator[str]:
        """Promise 5: many jobs of one message begin with a word, and drafts stand with one."""
        for number, state, message in self._rows("SELECT number, state, message FROM plans"):
            if state == "started" and not self._consent.agreed(self._channel, int(str(number))):
                yield f"plan {number} was started and nobody agreed"
            asked = self._file.execute("SELECT number, id FROM jobs WHERE message = ?", (message,))
            for job, id in asked if state != "started" else ():
                if f"job:{id}" in paid:
                    yield f"job {job} cost something, and plan {number} is {state}"
        for (commit,) in self._rows(
            "SELECT commit_no FROM versions JOIN commits ON number = commit_no"
            " WHERE body LIKE '%a draft%' AND author_kind != 'person'"
        ):
            yield f"a draft stands by commit {commit}, which is nobody's"

    def _unjoined(self) -> Iterator[str]:
        """Promise 2: whoever joined a job is told of its end, once."""
        asked = self._rows("SELECT id, author_id FROM messages WHERE post IS NULL")
        authors = {str(id): str(author) for id, author in asked}
        ended = {
            number for (number,) in self._rows("SELECT number FROM jobs WHERE state = 'ended'")
        }
        for id, post in self._posts.items():
            name = id.removeprefix("answer:")
            for job in _JOINED.findall(str(post["receipt"])) if name in authors else ():
                who, number = authors[name], int(job)
                if number not in ended or name in self._world.edited:
                    continue
                told = self._told_of(number, who)
                out = self._consent.wants_out(who, self._channel, number)
                if len(told) != 1 and not (out and not told):
                    yield f"{who} joined job {number} with {name} and was told by {told}"

    def _told_of(self, job: int, who: str) -> list[str]:
        """The posts that tell somebody of a job's end, in one of which alone they are named; who
        asked for it first is told in its thread besides."""
        whole = f"result:{job}"
        named = [
            id
            for id, post in self._posts.items()
            if (id == whole or id.startswith(f"{whole}.")) and _mentioned(post) == who
        ]
        return [id for id in named if id != whole] or named

    def unfinished(self) -> Iterator[str]:
        """What is not at its end though everything was to come there."""
        for (id,) in self._rows("SELECT id FROM inbox WHERE done = 0"):
            yield f"{id} was never answered"
        for (id,) in self._rows("SELECT id FROM turns WHERE state != 'ended'"):
            yield f"{id} never ended"
        for row in self._rows("SELECT id, error FROM outbox WHERE state != 'refused'"):
            yield f"never shown: {row}"
        for row in self._rows("SELECT number, state FROM forgettings"):
            if row[1] not in ("asked", "done"):
                yield f"never forgotten: {row}"
        plans = {row[0] for row in self._rows("SELECT message FROM plans WHERE state = 'waiting'")}
        paused = self._rows("SELECT * FROM settings WHERE name = 'paused' AND value = 'true'")
        for number, state, message in self._rows("SELECT number, state, message FROM jobs"):
            # One that rested when the channel was paused is running and has no place.
            held = paused and state in ("queued", "running")
            waits = (state == "promised" and message in plans) or held
            if state != "ended" and not waits:
                yield f"job {number} is {state}"

    def _answers(self) -> Iterator[str]:
        """Promise 2: each accepted message is answered once."""
        asked = self._rows("SELECT id FROM inbox WHERE id LIKE 'message:%' OR id LIKE 'press:%'")
        there = {id for (id,) in self._rows("SELECT id FROM messages WHERE post IS NULL")}
        for (id,) in asked:
            kind, _, name = str(id).partition(":")
            answers = [f"reply:{id}"] + ([f"answer:{name}"] if kind == "message" else [])
            found = [answer for answer in answers if answer in self._posts]
            deleted = kind == "message" and name not in there
            if len(found) != 1 and not (deleted and not found):
                yield f"{id} has the answers {found}"

    def _outbox(self) -> Iterator[str]:
        """Promise 2: what was promised is shown."""
        refused = {id for (id,) in self._rows("SELECT id FROM outbox WHERE state = 'refused'")}
        for id in self._posts.keys() - refused:
            if (self._channel, id) not in self._world.shown:
                yield f"{id} was never shown"
        for (channel, id), one in self._world.shown.items():
            known = id in self._posts or id.startswith("card:")
            if channel == self._channel and not known:
                yield f"{id} was shown and is not known"
            if channel == self._channel and one.times > 1 and not one.sure and id not in refused:
                yield f"{id} was never surely shown"

    def _mended(self) -> Iterator[str]:
        """What is lost with a file is told, once."""
        told = [
            one.times
            for (channel, id), one in self._world.shown.items()
            if channel == self._channel and id.startswith("reply:mended:") and one.sure
        ]
        if len(told) != 1:
            yield f"that the file was damaged is told in {len(told)} posts"

    def _order(self) -> Iterator[str]:
        """What a thread is promised, it is shown in that order."""
        last: dict[object, tuple[int, str]] = {}
        for id, thread in self._rows(
            "SELECT id, thread FROM messages WHERE post IS NOT NULL ORDER BY seq"
        ):
            shown = self._world.shown.get((self._channel, str(id)))
            if shown is None or (self._channel, id) in self._world.refused:
                continue
            before, other = last.get(thread, (0, ""))
            if shown.place < before:
                yield f"{id} was shown before {other}"
            last[thread] = (shown.place, str(id))
        yield from self._talk()

    def _talk(self) -> Iterator[str]:
        """What somebody says in a thread is answered in the order in which it was kept."""
        answered = {id: place for place, id in enumerate(self._posts)}
        last: dict[object, tuple[int, str]] = {}
        for name, thread, author in self._rows(
            "SELECT m.id, m.thread, author_id FROM messages AS m"
            " JOIN inbox AS i ON i.id = 'message:' || m.id ORDER BY i.rowid"
        ):
            place = answered.get(f"answer:{name}")
            if place is None or name in self._world.edited:
                continue
            before, other = last.get((thread, author), (-1, ""))
            if place < before:
                yield f"{name} was answered before {other}"
            last[thread, author] = (place, str(name))

    def _jobs(self) -> Iterator[str]:
        """Promises 2 and 3: one outcome, one result; merged once if it completed, else no trace."""
        merged = Counter(str(source) for (source,) in self._rows("SELECT source FROM commits"))
        for number, id, brief, stop_by, outcome in self._rows(
            "SELECT number, id, brief, stop_by, outcome FROM jobs WHERE state = 'ended'"
        ):
            if f"result:{number}" not in self._posts:
                yield f"job {number} has no result"
            end, work = json.loads(str(outcome)), errand(str(brief))
            completed = "result" in end
            writes = any(letter in work.steps for letter in "apw")
            # What it had no leave for, it has not written.
            least = 0 if self._consent.gated or not (completed and writes) else 1
            if not least <= merged[f"job:{id}"] <= (completed and writes):
                yield f"job {number} ({work}) ended as {end}, commits: {merged[f'job:{id}']}"
            if completed and self._channel not in self._world.damaged:
                yield from self._unheard(number, str(id))
            if stop_by is not None and "by" not in end:
                yield f"job {number} was to be stopped by {stop_by} and ended as {end}"
            if "kind" in end and end["kind"] not in self._reasons(work):
                yield f"job {number} ({work}) failed for no reason: {end}"
        for row in self._rows("SELECT * FROM questions"):
            yield f"a question is left: {row}"

    def _reasons(self, work: Errand) -> set[str]:
        """Why a job may fail in this world: a death of the bot alone is no reason."""
        stormy = self._world.stormy
        found = {"steps", "budget"}
        if "u" in work.steps or stormy.model:
            found |= {"model", "timeout"}
        if stormy.sandbox:
            found |= {"sandbox", "protocol", "crashed", "timeout", "model"}
        if stormy.disk:
            found |= {"store", "attempts"}
        return found

    def _unheard(self, number: object, id: str) -> Iterator[str]:
        """What people were told that a job reads, it has read before it completed."""
        with closing(sqlite3.connect(self._folders / id / "job.db")) as journal:
            heard = {seq for (seq,) in journal.execute("SELECT seq FROM steps WHERE seq NOTNULL")}
        said = self._file.execute("SELECT seq, id FROM steering WHERE job = ?", (number,))
        late = str(self._posts[f"result:{number}"]["receipt"]).count("came too late for the job")
        unread = [id for seq, id in said if seq not in heard]
        if len(unread) > late:  # what was deleted afterwards is among neither
            yield f"job {number} never read {unread}"

    def _cards(self) -> Iterator[str]:
        """What cards show at last is how the jobs ended."""
        cards = {
            id: one.item for (ref, id), one in self._world.shown.items() if ref == self._channel
        }
        for (number,) in self._rows("SELECT number FROM jobs WHERE state = 'ended'"):
            state = getattr(cards.get(f"card:{number}"), "state", "not shown")
            if state not in ("completed", "failed", "cancelled"):
                refused = (self._channel, f"card:{number}") in self._world.refused
                if not refused:
                    yield f"the card of job {number} is {state}"

    def _files(self) -> Iterator[str]:
        """What came with a message is in the channel's files."""
        if self._world.stormy.disk:
            return  # where it cannot be kept, that is told
        there = {source for (source,) in self._rows("SELECT source FROM commits")}
        known = {id for (id,) in self._rows("SELECT id FROM inbox")}
        for name, channel in self._world.sent.items():
            ours = channel == self._channel and f"message:{name}" in known
            if ours and f"files:{name}" not in there:
                yield f"the file of {name} is lost"

    def _sums(self) -> Iterator[str]:
        """Promise 4: `n` is what all whose commit stands have added."""
        if self._rows("SELECT * FROM pruned"):
            return  # what was added is in the fold that is left
        undoes: dict[int, list[int]] = {}
        adds: dict[int, int] = {}
        for commit, undone, argument in self._rows(
            "SELECT number, undoes, (SELECT sum(argument) FROM operations JOIN entries"
            " ON entries.id = entry WHERE commit_no = number AND key = 'n' AND op = 'add')"
            " FROM commits ORDER BY number"
        ):
            assert isinstance(commit, int)
            adds[commit] = int(str(argument or 0))
            if isinstance(undone, int):
                undoes.setdefault(undone, []).append(commit)

        def stands(commit: int) -> bool:
            return not any(stands(other) for other in undoes.get(commit, ()))

        wanted = sum(add for commit, add in adds.items() if add and stands(commit))
        found = self._rows(
            "SELECT body FROM versions JOIN entries ON id = entry WHERE key = 'n'"
            " ORDER BY commit_no DESC LIMIT 1"
        )
        counted = int(str(found[0][0] or 0)) if found else 0
        if counted != wanted:
            yield f"n is {counted}, the commits that stand add {wanted}"


def _mentioned(post: dict[str, object]) -> str | None:
    """Whom a post names."""
    mention = post["mention"]
    return str(mention["id"]) if isinstance(mention, dict) else None
