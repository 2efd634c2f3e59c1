"""What files are called in the workspace, whatever their senders called them. Pure."""

import unicodedata

_MOST_BYTES = 180  # a file system takes 255, and a number may have to fit
_LONGEST_ENDING = 16
# A path reads the same in a prompt, in Markdown and between quotes.
_READABLE = str.maketrans({'"': "'", "`": "'", "<": "(", ">": ")"})


def cleaned(name: str) -> str:
    """One plain part of a path, as much like `name` as can be; never empty."""
    known = name.encode("utf-8", "replace").decode().replace("\\", "/")
    last = unicodedata.normalize("NFC", known.rstrip("/").rpartition("/")[2])
    # Format signs go: they are invisible, or turn what follows around.
    visible = (sign for sign in last if unicodedata.category(sign) != "Cf")
    plain = "".join(sign if sign.isprintable() else " " for sign in visible)
    stripped = " ".join(plain.translate(_READABLE).split()).lstrip(".-~ ").rstrip(". ")
    return numbered(stripped or "file", 1)


def numbered(name: str, number: int) -> str:
    """The n-th file of that name: `log.txt`, `log (2).txt`; what is too long is cut before the
    ending."""
    stem, ending = split(name)
    mark = f" ({number}){ending}" if number > 1 else ending
    most = _MOST_BYTES - len(ending.encode())
    return f"{stem.encode()[:most].decode(errors='ignore').rstrip()}{mark}"


def split(name: str) -> tuple[str, str]:
    """The name without its ending, and the ending with its dot."""
    stem, dot, ending = name.rpartition(".")
    if not stem or not ending or len(ending) > _LONGEST_ENDING or " " in ending:
        return name, ""
    return stem, dot + ending
