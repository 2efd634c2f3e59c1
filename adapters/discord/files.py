"""Files both ways: those that people attach, those that a post brings. Within limits, told."""

from collections.abc import Sequence
from dataclasses import dataclass

import aiohttp

from adapters.discord.blocks import storable
from adapters.discord.translation import Upload
from core.errors import BadRequest, StoreError
from core.messages import Attachment, ChannelRef
from core.messages.queries import ReadFile
from core.messages.views import FileView
from core.ports import Window

MOST_IN = 10
LARGEST_IN = 20 * 2**20
ALL_IN = 50 * 2**20
LARGEST_OUT = 10 * 2**20
_PER_MESSAGE = 10
_PATIENCE = aiohttp.ClientTimeout(total=120, sock_read=30)

File = tuple[str, bytes]


@dataclass(frozen=True, slots=True)
class Fetched:
    """The files of a message that could be had, and a sentence for each that could not."""

    files: tuple[Attachment, ...] = ()
    refused: tuple[str, ...] = ()


async def fetch(uploads: Sequence[Upload]) -> Fetched:
    """Download what people attached."""
    files: list[Attachment] = []
    refused: list[str] = []
    left = ALL_IN
    if len(uploads) > MOST_IN:
        refused.append(f"I take {MOST_IN} files with one message; the others were left out.")
    async with aiohttp.ClientSession(timeout=_PATIENCE) as session:
        for upload in uploads[:MOST_IN]:
            most = min(LARGEST_IN, left)
            name = storable(upload.name)[:100]
            if upload.size > most:
                refused.append(_too_large(name))
                continue
            try:
                content = await _download(session, upload.url, most)
            except (aiohttp.ClientError, OSError, TimeoutError, ValueError):
                refused.append(f"I could not get `{name}` from Discord: please send it again.")
                continue
            if content is None:
                refused.append(_too_large(name))
                continue
            left -= len(content)
            files.append(Attachment(name=upload.name, content=content))
    return Fetched(tuple(files), tuple(refused))


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


async def _download(session: aiohttp.ClientSession, url: str, most: int) -> bytes | None:
    """The bytes; None when there are more than `most`, whatever was said before."""
    async with session.get(url) as answer:
        answer.raise_for_status()
        made = bytearray()
        async for piece in answer.content.iter_chunked(1 << 16):
            made += piece
            if len(made) > most:
                return None
    return bytes(made)


def _too_large(name: str) -> str:
    return (
        f"`{name}` is too large: I take {LARGEST_IN // 2**20} MB for a file and"
        f" {ALL_IN // 2**20} MB for a message."
    )


def _name(path: str) -> str:
    shown = storable(path.rsplit("/", 1)[-1]).replace('"', "'").replace("\n", " ")
    return shown[-100:] or "file"
