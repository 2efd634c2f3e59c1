"""How many files the process may have open, what share of them channels get, and which numbers are
nobody's. Opens no file."""

import os
import resource
from contextlib import suppress

# Enough for all that a bot does, and no more than programs that it starts are used to.
_WANTED = 16_384
# A channel's file is three, five when it is searched and written at once; half is for all the rest.
_SHARE = 10
_LEAST, _MOST = 16, 1_000


def stand_in() -> None:
    """Where the process was started without standard input, output or error, put what leads
    nowhere: otherwise files and sockets get these numbers, and what is meant for people."""
    for number in range(3):
        with suppress(OSError):
            os.fstat(number)
            continue
        # The lowest number that is free, which is this one.
        os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)


def raised() -> int:
    """As many as the system lets the process have, if it asks; returns the number."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    now, most = _number(soft), min(_number(hard), _WANTED)
    if now >= most:
        return now
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    return most


def channel_files(descriptors: int) -> int:
    """How many channels' files may be open at once, of so many descriptors."""
    return max(_LEAST, min(_MOST, descriptors // _SHARE))


def _number(limit: int) -> int:
    return _WANTED if limit == resource.RLIM_INFINITY else limit
