"""What a turn shows while it works, and what it keeps of its replies."""

from collections.abc import Callable
from pathlib import Path

from core.messages import StreamText
from core.model.account import Account
from core.model.chat import ModelReply, ModelRequest
from core.records import turns
from core.state.database import Transaction
from tests.core.room import CHANNEL, Room, Script, calls, room, says


class Silent(Script):
    """Replies that come in one piece with their end, of which nothing is streamed."""

    def __init__(self) -> None:
        super().__init__()
        self.here: Room | None = None
        self.kept: list[tuple[str, ...]] = []

    async def complete(
        self, account: Account, request: ModelRequest, on_text: Callable[[str], None] | None = None
    ) -> ModelReply:
        assert self.here is not None
        self.kept.append(await self.here.channels.look(CHANNEL, _journaled))
        return await super().complete(account, request)


def _journaled(tx: Transaction) -> tuple[str, ...]:
    (turn, _, _), *others = turns.running(tx)
    assert not others
    return turns.replies(tx, turn)


async def test_words_before_tool_calls_are_shown_though_they_came_with_the_replys_end(
    tmp_path: Path,
) -> None:
    script = Silent()
    script.replies = [calls(("list_jobs", {}), text="Looking."), says("There are none.")]
    async with room(tmp_path, script=script) as here:
        script.here = here
        answer = await here.ask("m1", "jobs?")
        assert answer.text == "Looking.\n\nThere are none."
        shown = [hint.text for hint in here.platform.hints if isinstance(hint, StreamText)]
        assert shown == ["Looking."]


async def test_a_reply_with_calls_is_kept_before_anything_is_done_about_it(tmp_path: Path) -> None:
    script = Silent()
    script.replies = [calls(("list_jobs", {}), text="Looking."), says("There are none.")]
    async with room(tmp_path, script=script) as here:
        script.here = here
        await here.ask("m1", "jobs?")
        first, second = script.kept
        assert first == ()
        assert "Looking." in second[0]


async def test_an_answer_goes_with_its_turn_and_not_through_the_journal(tmp_path: Path) -> None:
    script = Script()
    async with room(tmp_path, script=script) as here:
        await here.channels.write(CHANNEL, _watch)
        await here.ask("m1", "hello")
        assert await here.channels.look(CHANNEL, _seen) == 0
        script.replies = [calls(("list_jobs", {})), says("There are none.")]
        await here.ask("m2", "jobs?")
        assert await here.channels.look(CHANNEL, _seen) == 2


def _watch(tx: Transaction) -> None:
    """Remember what is ever written into the journal: it goes with its turn."""
    tx.execute("CREATE TABLE seen (number)")
    tx.execute(
        "CREATE TRIGGER watch AFTER INSERT ON turn_steps"
        " BEGIN INSERT INTO seen VALUES (new.number); END"
    )


def _seen(tx: Transaction) -> int:
    return int(tx.execute("SELECT count(*) FROM seen").fetchone()[0])
