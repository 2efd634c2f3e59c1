"""How much of files is taken, and the words for what is not. Pure."""

from collections.abc import Iterable

from core.messages import Attachment
from core.messages.limits import LARGEST_FILE, LARGEST_FILES, MOST_FILES

LARGEST_CHANNEL = 2 * 2**30
"""Bytes of a channel's file on the disk; beyond it no more files are taken."""
MOST_WAITING = 2**30
"""Bytes of files whose messages have not come yet."""
KEPT_FREE = 100 * 2**20
"""Bytes of the disk that are left for what people say."""

NO_ROOM = "the disk of the bot has no room for it; its owner has to make some"
GONE = "it is not here any more: please send it again"
FULL = (
    f"this channel has {LARGEST_CHANNEL // 2**30} GB already, and takes no more files:"
    " `/forget inbox/*` makes room"
)
WAITING = "too many files wait for their messages: please send it again later"
TOO_MANY = f"{MOST_FILES} files with one message are the most"


def too_much(size: int, before: Iterable[Attachment], *, more: bool = False) -> str:
    """Why a file of `size` bytes is not taken after those `before` it in its message, or "".

    `more`: it is still coming, and has `size` bytes already.
    """
    taken = [file for file in before if not file.problem]
    if len(taken) >= MOST_FILES:
        return TOO_MANY
    if size > LARGEST_FILE:
        has = f"more than {shown(LARGEST_FILE)}" if more else shown(size)
        return f"it has {has}; {shown(LARGEST_FILE)} are the most for one file"
    if size + sum(file.size for file in taken) > LARGEST_FILES:
        return f"{shown(LARGEST_FILES)} are the most for all files of one message"
    return ""


def shown(size: int) -> str:
    """A number of bytes as people write it."""
    if size < 1000:
        return f"{size} byte{'' if size == 1 else 's'}"
    if size < 1000 * 2**10:
        return f"{size / 2**10:.1f} kB".replace(".0 ", " ")
    return f"{size / 2**20:.1f} MB".replace(".0 ", " ")
