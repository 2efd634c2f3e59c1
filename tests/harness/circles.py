"""What only the collector would find: objects of this program that refer to each other in a circle
when their work is over."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_OURS = ("adapters", "bot", "core")


@contextmanager
def circles() -> Iterator[list[str]]:
    """Around some work: the list is filled at its end, with the classes of what is left."""
    left: list[str] = []
    gc.collect()
    gc.disable()
    try:
        yield left
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
        kinds = {type(one) for one in gc.garbage}
        left += sorted(kind.__name__ for kind in kinds if kind.__module__.split(".")[0] in _OURS)
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()
