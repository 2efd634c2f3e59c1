"""What a program complains about, on both kinds of loop."""

import asyncio
import io
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
import uvloop

from core.subagents.sandbox.tail import Tail

LOOPS = {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


@pytest.fixture(params=LOOPS)
def runner(request: pytest.FixtureRequest) -> Callable[[], asyncio.Runner]:
    factory = LOOPS[request.param]
    return lambda: asyncio.Runner(loop_factory=factory)


class Watched(io.FileIO):
    """A pipe's end that knows whether its descriptor was its own when it was closed."""

    closed_well = False

    def close(self) -> None:
        if not self.closed:
            os.fstat(self.fileno())
            self.closed_well = True
        super().close()


@asynccontextmanager
async def listening() -> AsyncIterator[tuple[Tail, io.FileIO, Watched]]:
    reading, writing = os.pipe()
    with Watched(reading) as watched, io.FileIO(writing, "w") as program:
        tail = Tail(watched)
        tail.listen()
        yield tail, program, watched


def test_the_last_of_it_is_kept(runner: Callable[[], asyncio.Runner]) -> None:
    async def main() -> str:
        async with listening() as (tail, program, _):
            for number in range(100):
                program.write(f"line {number} {'x' * 100}\n".encode())
            program.write("the end ✓\n".encode())
            program.close()
            await tail.end()
            return tail.text()

    with runner() as running:
        said = running.run(main())
    assert said.endswith("the end ✓")
    assert "line 99" in said
    assert "line 1 " not in said
    assert len(said.encode()) <= Tail.KEPT


def test_its_pipe_is_closed_once_and_by_nobody_else(runner: Callable[[], asyncio.Runner]) -> None:
    async def main() -> bool:
        async with listening() as (tail, program, watched):
            program.close()
            await tail.end()
            await tail.end()
            return watched.closed_well

    with runner() as running:
        assert running.run(main())


def test_one_whose_program_never_closes_it_is_left_after_a_while(
    runner: Callable[[], asyncio.Runner],
) -> None:
    async def main() -> tuple[str, bool]:
        async with listening() as (tail, program, watched):
            program.write(b"so far")
            await tail.end()
            return tail.text(), watched.closed_well

    with runner() as running:
        assert running.run(main()) == ("so far", True)
