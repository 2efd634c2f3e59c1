"""Blocks -> texts that fit into messages: cut between blocks, else between lines, else words. Pure.

Lengths are UTF-16 units: whoever counts in characters counts less, so both are kept.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator

from adapters.discord.blocks import Block

LIMIT = 2000
_LEAST = 100  # for less it is not worth cutting a block
_ATOMS = re.compile(
    r"(`{1,9})[^`]{1,1000}\1|\[[^\]]{0,500}\]\([^)\s]{0,1000}\)|<[^<>\s]{1,1000}>|\S+|\s+"
)
# A fence within lines, with its language.
_FENCE = re.compile(r"\s*(```[a-zA-Z0-9_+#.-]{0,12})")
_FENCES = 20  # what closing one at a cut and opening it again takes at most
_JOINERS = "\u200d\ufe0f\ufe0e"


def units(text: str) -> int:
    """The length of a text as Discord's strictest part counts it."""
    return len(text) + sum(sign > "\uffff" for sign in text)


def packed(blocks: Iterable[Block], limit: int = LIMIT) -> list[str]:
    """The blocks as texts of at most `limit`, in order, each as full as blocks allow. A block that
    has to be cut begins where there is room for a good part of it."""
    made: list[str] = []
    open_text, tight = "", False
    for block in blocks:
        pieces = list(_pieces(block, limit))
        room = limit - units(open_text) - 2
        if len(pieces) > 1 and open_text and room > limit / 4:
            pieces = list(_pieces(block, limit, room))
        for piece in pieces:
            joined = open_text + ("\n" if tight else "\n\n") + piece if open_text else piece
            if units(joined) <= limit:
                open_text = joined
            else:
                made.append(open_text)
                open_text = piece
            tight = block.tight
    return [*made, open_text] if open_text.strip() else made


def beginning(blocks: Iterable[Block], limit: int) -> str:
    """As much of the blocks as fits into one text; the last one is cut where it has to be."""
    made, gap = "", ""
    for block in blocks:
        room = limit - units(made + gap)
        if room < _LEAST:
            break
        piece, *rest = [*_pieces(block, room), ""]
        made += gap + piece
        gap = "\n" if block.tight else "\n\n"
        if rest[:-1]:
            break
    return made


def shortened(text: str, limit: int) -> str:
    """The text, or its beginning with a sign that more was there."""
    if units(text) <= limit:
        return text
    return next(_hard(text, limit - 1)).rstrip() + "…"


def _pieces(block: Block, limit: int, first: int | None = None) -> Iterator[str]:
    """`first` is the limit of the first one, as far as the block can be cut there."""
    first = limit if first is None else first
    if block.fence is None:
        yield from _filled(block.lines, limit, first)
        return
    opening, closing = f"```{block.fence}\n", "\n```"
    taken = units(opening) + units(closing)
    for piece in _filled(block.lines, limit - taken, first - taken, code=True):
        yield opening + piece + closing


def _filled(lines: Iterable[str], limit: int, most: int, *, code: bool = False) -> Iterator[str]:
    """The lines joined into texts as long as they may be. A fence that is open in a list is
    closed at a cut and opened again after it."""
    held: list[str] = []
    size, fence = 0, ""
    for line in lines:
        for piece in _lines(line, limit - _FENCES, most - _FENCES - size):
            mark = None if code else _FENCE.match(piece)
            closing = 4 if fence or mark else 0
            if held and size + 1 + units(piece) + closing > most:
                yield "\n".join([*held, "```"] if fence else held)
                most = limit
                held = [fence] if fence else []
                size = units(fence)
            held.append(piece)
            size += units(piece) + (1 if len(held) > 1 else 0)
            if mark:
                fence = "" if fence else mark[1]
    if held:
        yield "\n".join(held)


def _lines(line: str, limit: int, most: int) -> Iterator[str]:
    """A line, or what it breaks into: at blanks, not inside of code, a link or a word that fits.
    The first piece has at most `most`, where that is worth it."""
    if units(line) <= limit:
        yield line
        return
    held = ""
    most = most if most > _LEAST else limit
    for atom in _ATOMS.finditer(line):
        for piece in _hard(atom[0], limit) if units(atom[0]) > limit else (atom[0],):
            if held and units(held) + units(piece) > most:
                yield held
                most = limit
                held = piece.lstrip(" ")
            else:
                held += piece
    if held:
        yield held


def _hard(text: str, limit: int) -> Iterator[str]:
    """Pieces of a text without blanks; what is one sign to people stays together."""
    start = size = 0
    for place, sign in enumerate(text):
        width = 2 if sign > "\uffff" else 1
        if size + width > limit:
            cut = place
            while cut > start + 1 and place - cut < 40 and _belongs(text[cut - 1], text[cut]):
                cut -= 1
            yield text[start:cut]
            size = units(text[cut:place])
            start = cut
        size += width
    yield text[start:]


def _belongs(before: str, sign: str) -> bool:
    """Whether a sign is a part of the one before it (an accent, a skin tone, a family)."""
    return (
        sign in _JOINERS
        or before == "\u200d"
        or bool(unicodedata.combining(sign))
        or "\U0001f3fb" <= sign <= "\U0001f3ff"
    )
