"""The part of a fake core that takes files: in memory, within the core's own limits."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from core.attachments.limits import too_much
from core.messages import Attachment, Message


class Shelf:
    """What `take` of the port Door was given. `asked` has the names whose contents were read."""

    def __init__(self) -> None:
        self.contents: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.reading = asyncio.Event()

    async def take(
        self,
        name: str,
        content: AsyncGenerator[bytes, None],
        *,
        size: int | None = None,
        after: Sequence[Attachment] = (),
    ) -> Attachment:
        if problem := too_much(size or 0, after):
            return Attachment(name=name, problem=problem)
        self.asked.append(name)
        self.reading.set()
        whole = bytearray()
        async with aclosing(content):
            async for piece in content:
                whole += piece
                if problem := too_much(len(whole), after, more=True):
                    return Attachment(name=name, problem=problem)
        handle = f"{len(self.contents)}"
        self.contents[handle] = bytes(whole)
        return Attachment(name=name, handle=handle, size=len(whole))

    def files(self, message: Message) -> list[tuple[str, bytes]]:
        """The files of a message that were taken."""
        return [
            (file.name, self.contents[file.handle]) for file in message.files if not file.problem
        ]

    def problems(self, message: Message) -> list[str]:
        """What is to be told of the others."""
        return [f"{file.name}: {file.problem}" for file in message.files if file.problem]
