"""Where the records under test are."""

from core.messages import ChannelRef, ThreadRef

CHANNEL = ChannelRef(platform="web", workspace="local", channel="general")
THREAD = ThreadRef(channel=CHANNEL, thread="t1")
