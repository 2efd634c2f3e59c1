"""The library's heartbeats on one connection: how long silence is borne, and what is said of late
answers. Sends none."""

import time

from discord.gateway import KeepAliveHandler

_LATE = (
    "Discord (shard %s) answered a heartbeat after %.1f s: the network, Discord or this machine is"
    " slow, and so are answers there"
)
_BLOCKED = "the bot was too busy to send Discord (shard %s) its heartbeat for %s s"


def tend(beats: KeepAliveHandler, *, quiet_s: float, longest_s: float) -> None:
    """One heartbeat that is not answered is enough, but silence of `quiet_s` is none; the library
    knows only its own timeout, `longest_s` here."""
    if beats.interval is not None:
        beats.heartbeat_timeout = min(longest_s, max(quiet_s, 1.5 * beats.interval))
    beats.behind_msg, beats.block_msg = _LATE, _BLOCKED
    made = beats.get_payload

    def payload() -> dict[str, object]:
        # The library notes when it sent only as its thread wakes again. An answer that is there
        # before that was taken for the answer to the heartbeat before, late by its whole interval.
        beats._last_send = time.perf_counter()  # noqa: SLF001
        return made()

    beats.get_payload = payload  # type: ignore[method-assign]
