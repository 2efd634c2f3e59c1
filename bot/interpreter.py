"""How Python itself is set for a bot that must not be held: its threads and its collector."""

import asyncio
import gc
import sys

# Many threads share the interpreter with the loop: with Python's default of 5 ms each of them
# could keep the loop waiting that long at every switch.
_SWITCH_INTERVAL_S = 0.0005
# The youngest objects are looked through in helpings of some milliseconds: 50,000 took up to 175 ms
# under load. What is older, never: a large merge makes 100,000 objects that live until it is over,
# and with Python's defaults they are looked through again and again.
_THRESHOLDS = (10_000, 1_000_000, 1_000)
# With these it never comes to a full look, and what is over is gone without one; but libraries
# leave circles behind, a few with each connection. An hour's are few.
_SWEEP_S = 3600.0


def prepare() -> None:
    """At the begin: what is there already need not be looked through ever."""
    sys.setswitchinterval(_SWITCH_INTERVAL_S)
    gc.set_threshold(*_THRESHOLDS)
    gc.enable()
    gc.freeze()


def settled() -> None:
    """What is here now stays: collections need not look at it again. A last one before would find
    next to nothing, and hold everything for 40 ms."""
    gc.freeze()


async def sweep(every_s: float = _SWEEP_S) -> None:
    """Now and then, for as long as it runs, collect all there is; that holds the loop for some ten
    milliseconds where many channels are open."""
    while True:
        await asyncio.sleep(every_s)
        gc.collect()
