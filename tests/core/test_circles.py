"""What is over is gone at once: nothing waits for the collector, which hardly ever comes."""

from pathlib import Path

from core.errors import ModelUnreachable
from tests.core.room import room, says, starts
from tests.harness.circles import circles


async def test_turns_commands_and_refusals_leave_no_circle(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        with circles() as left:
            here.script.replies = [starts("one"), says("on it"), ModelUnreachable("gone")]
            await here.ask("m1", "do it")
            await here.ask("m2", "and this")
            await here.hands.running(1)
            here.hands.end(1)
            await here.platform.post("result:1")
            for number, text in enumerate(("/state", "/stop 99", "/undo 7", "/nonsense", "/set a")):
                await here.ask(f"c{number}", text)
            await here.press("p1", "stop.99")
            # What came before the last is over by now.
            await here.ask("m3", "the last")
        assert left == []
