"""Where items are shown outlives the process, and asking makes nothing."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from core.messages import ChannelRef
from core.places import ChannelPlaces
from core.ports import Places
from core.state.channels import Channels
from tests.core.room import CHANNEL

NEVER = ChannelRef(platform="world", workspace="w", channel="silent")


@pytest_asyncio.fixture
async def channels(tmp_path: Path) -> AsyncIterator[Channels]:
    opened = Channels(tmp_path)
    yield opened
    await opened.close()


async def test_an_item_is_found_by_its_messages_after_a_restart(
    channels: Channels, tmp_path: Path
) -> None:
    await ChannelPlaces(channels).keep(CHANNEL, "card:1", ("10", "11"))
    await channels.close()
    again = Channels(tmp_path)
    places: Places = ChannelPlaces(again)
    assert await places.of(CHANNEL, "card:1") == ("10", "11")
    assert await places.item(CHANNEL, "11") == "card:1"
    await again.close()


async def test_asking_about_a_silent_channel_makes_no_file(channels: Channels) -> None:
    places = ChannelPlaces(channels)
    assert await places.of(NEVER, "card:1") == ()
    assert await places.item(NEVER, "10") is None
    assert not channels.path(NEVER).exists()


@pytest.mark.parametrize("bad", ["", "x" * 1001, "half \ud800", "a\0b"])
async def test_what_can_be_no_id_is_found_nowhere_and_kept_never(
    channels: Channels, bad: str
) -> None:
    places = ChannelPlaces(channels)
    with pytest.raises(ValueError, match="cannot be shown"):
        await places.keep(CHANNEL, bad, ("1",))
    with pytest.raises(ValueError, match="cannot be shown"):
        await places.keep(CHANNEL, "card:1", ("1", bad))
    assert not channels.path(CHANNEL).exists()
    await places.keep(CHANNEL, "card:1", ("1",))
    assert await places.of(CHANNEL, bad) == ()
    assert await places.item(CHANNEL, bad) is None
    with pytest.raises(ValueError, match="cannot be shown"):
        await places.keep(CHANNEL, "card:1", ("1",) * 1001)
