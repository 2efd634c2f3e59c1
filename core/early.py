"""Edits and deletions that came before their message: for a short while, in memory, few of them.
A message that never comes costs nothing that lasts."""

from collections import OrderedDict
from collections.abc import Callable

from core.messages import Change, ChannelRef, Deletion

# Slack offers a message that could not be kept again after five minutes.
KEEP_S = 600.0
MOST = 200


class Early:
    """The newest change of each message that is not known yet. `clock` gives seconds that only
    grow."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._kept: OrderedDict[tuple[ChannelRef, str], tuple[float, Change]] = OrderedDict()

    def put(self, change: Change) -> None:
        """Keep it, unless what is kept is newer; a deletion is newer than every edit."""
        key = (change.thread.channel, change.message_id)
        _, known = self._kept.get(key, (0.0, None))
        if known is not None and (
            isinstance(known, Deletion)
            or (change.at < known.at and not isinstance(change, Deletion))
        ):
            return
        self._kept[key] = (self._clock(), change)
        self._kept.move_to_end(key)
        while len(self._kept) > MOST:
            self._kept.popitem(last=False)

    def holds(self, channel: ChannelRef, message: str) -> bool:
        """Whether something is kept about the message."""
        return (channel, message) in self._kept

    def take(self, channel: ChannelRef, message: str) -> Change | None:
        """What has become of the message before it came; it is kept no more."""
        at, change = self._kept.pop((channel, message), (0.0, None))
        return None if self._clock() - at > KEEP_S else change
