from pathlib import Path

import pytest

from core.mending import Mending
from core.messages import ChannelRef
from core.outbox import Outbox
from core.state.channels import Channels
from core.state.control import Control
from core.state.damaged import Mended
from core.tasks import Tasks
from tests.core.room import CHANNEL, Platform


@pytest.mark.parametrize("since", [None, 86_400.0])
async def test_the_channel_is_told_and_its_work_is_taken_up_where_there_is_some(
    tmp_path: Path, since: float | None
) -> None:
    control, channels, tasks = await Control.open(tmp_path), Channels(tmp_path), Tasks()
    platform, taken = Platform(), list[ChannelRef]()

    async def take_up(channel: ChannelRef) -> None:
        taken.append(channel)

    mending = Mending(
        channels=channels, control=control, take_up=take_up, spawn=tasks.spawn, clock=lambda: 1.0,
        outbox=Outbox(channels, {CHANNEL.platform: platform}, tasks.spawn),
    )  # fmt: skip
    aside = tmp_path / "secret place" / "general.db.damaged-1"
    mending.mended(Mended(channel=CHANNEL, aside=aside, since=since, reason="its pages are cut"))
    post = await platform.post("reply:mended:general.db.damaged-1")
    assert ("1970-01-02 00:00 UTC" in post.text) == (since is not None)
    assert ("begin anew" in post.text) == (since is None)
    assert "secret place" not in post.text
    assert taken == ([] if since is None else [CHANNEL])
    assert await control.unfinished() == (CHANNEL,)
    await tasks.close()
    await channels.close()
    await control.close()
