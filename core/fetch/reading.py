"""Has a page read by a process of its own, bounded in time and memory. Parses nothing itself."""

import asyncio
import json
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from dataclasses import dataclass
from pathlib import Path

from core.errors import BadRequest
from core.fetch.transfer import Answer

LONGEST_TEXT = 80_000
"""Characters of a page that are given to a model."""
_PROGRAM = Path(__file__).with_name("reader.py")
_PATIENCE_S = 20.0
_AT_ONCE = 2
# A character has four bytes at most, and JSON may write one as twelve.
_MOST_BYTES = 12 * (LONGEST_TEXT + 1000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """The text of a page; `more` characters behind it were left out."""

    title: str
    text: str
    more: int


class Reading:
    """Starts a reader for each page: what a page does to one, it does to no other."""

    def __init__(self, patience_s: float = _PATIENCE_S) -> None:
        self._patience_s = patience_s
        self._places = asyncio.Semaphore(_AT_ONCE)

    async def read(self, answer: Answer, url: str) -> Read:
        """The page as text. Raises BadRequest if it cannot be read within its bounds."""
        head = {"type": answer.type, "charset": answer.charset, "url": url, "most": LONGEST_TEXT}
        given = json.dumps(head).encode() + b"\n" + answer.content
        async with self._places:
            out = await self._run(given)
        try:
            found = json.loads(out)
            return Read(title=str(found["title"]), text=str(found["text"]), more=int(found["more"]))
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise BadRequest("the page cannot be read: it is no text, or too intricate") from error

    async def _run(self, given: bytes) -> bytes:
        # An empty environment: no key is where a page might get at it.
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-I", str(_PROGRAM), stdin=PIPE, stdout=PIPE, stderr=DEVNULL,
            env={}, cwd="/",
        )  # fmt: skip
        try:
            async with asyncio.timeout(self._patience_s):
                out = await _spoken_with(process, given)
                await process.wait()
                return out
        except TimeoutError as error:
            raise BadRequest("the page cannot be read: it takes too long") from error
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()


async def _spoken_with(process: Process, given: bytes) -> bytes:
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(given)
        await process.stdin.drain()
        process.stdin.close()
    except (BrokenPipeError, ConnectionResetError):
        return b""  # it died over what it had read
    out = bytearray()
    while len(out) <= _MOST_BYTES:
        piece = await process.stdout.read(65536)
        if not piece:
            return bytes(out)
        out += piece
    process.kill()
    return b""
