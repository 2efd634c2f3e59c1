"""Files both ways: those that people attach, those that a post brings. Within limits, told."""

from collections.abc import AsyncGenerator, Sequence

import aiohttp

from adapters.discord.blocks import storable
from adapters.discord.translation import Upload
from core.errors import BadRequest, StoreError
from core.messages import Attachment, ChannelRef
from core.messages.queries import ReadFile
from core.messages.views import FileView
from core.ports import Door, Window

LARGEST_OUT = 10 * 2**20
_PER_MESSAGE = 10
_LOST = "I could not get it from Discord: please send it again"
_PATIENCE = aiohttp.ClientTimeout(total=120, sock_read=30)

File = tuple[str, bytes]


async def fetch(uploads: Sequence[Upload], door: Door) -> tuple[Attachment, ...]:
    """Download what people attached, as far as the door takes it."""
    taken: list[Attachment] = []
    async with aiohttp.ClientSession(timeout=_PATIENCE) as session:
        for upload in uploads:
            content = _content(session, upload.url)
            try:
                file = await door.take(upload.name, content, size=upload.size, after=taken)
            except (aiohttp.ClientError, OSError, TimeoutError, ValueError):
                file = Attachment(name=upload.name, problem=_LOST)
            taken.append(file)
    return tuple(taken)


async def read(
    window: Window, channel: ChannelRef, paths: Sequence[str]
) -> tuple[list[tuple[File, ...]], list[str]]:
    """The files of a post, as many as fit into each message, and what there is to say of others.

    Raises StoreError.
    """
    batches: list[tuple[File, ...]] = []
    remarks: list[str] = []
    size = 0
    for path in dict.fromkeys(paths):
        try:
            view = await window.look(ReadFile(channel=channel, path=path))
        except StoreError:
            raise
        except BadRequest as error:
            remarks.append(f"{path} is not here: {error}")
            continue
        if not isinstance(view, FileView):
            continue
        if len(view.content) > LARGEST_OUT:
            remarks.append(
                f"{path} stays in the workspace: it has {len(view.content):,} bytes, and Discord"
                f" takes {LARGEST_OUT:,}"
            )
            continue
        file = (_name(path), view.content)
        fits = batches and size + len(view.content) <= LARGEST_OUT
        if fits and len(batches[-1]) < _PER_MESSAGE:
            batches[-1] = (*batches[-1], file)
            size += len(view.content)
        else:
            batches.append((file,))
            size = len(view.content)
    return batches, remarks


async def _content(session: aiohttp.ClientSession, url: str) -> AsyncGenerator[bytes, None]:
    async with session.get(url) as answer:
        answer.raise_for_status()
        async for piece in answer.content.iter_chunked(1 << 16):
            yield piece


def _name(path: str) -> str:
    # It stands in a header, where the end of a line, whatever ends one, would be another header.
    shown = "".join(
        sign if sign.isprintable() else " " for sign in storable(path.rsplit("/", 1)[-1])
    )
    return shown.replace('"', "'")[-100:].strip() or "file"
