"""What a text costs to understand, compared with a part of it: no machine is too slow for that."""

import gc
import time

from core.model.offline.requests import understand

# Of a quarter, in the time of the thread. What grows with the square takes sixteen.
MOST = 9
# Too little to be compared, and to matter, in seconds.
NOTHING_S = 0.05


def grows_evenly(text: str) -> bool:
    """Whether the whole of it takes about as much longer than a part as it is longer."""
    part = _took(text[: len(text) // 4])
    return _took(text) < MOST * part + NOTHING_S


def _took(text: str) -> float:
    # A look through all that a whole round of tests has made takes longer than this does.
    gc.disable()
    try:
        began = time.thread_time()
        understand(text)
        return time.thread_time() - began
    finally:
        gc.enable()
