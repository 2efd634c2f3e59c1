"""Who was let in is told so once, wherever the process dies."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from core.messages import ChannelRef, Person
from core.outbox import Outbox
from core.pairing import Pairing
from core.state.channels import Channels
from core.state.control import Control
from core.tasks import Tasks
from core.welcome import Welcome
from tests.core.room import ADA, Platform

EVE = Person(id="eve", name="Eve")
HOME = ChannelRef(platform="world", workspace="w", channel="eve")


@dataclass(frozen=True, slots=True, kw_only=True)
class Here:
    """The parts of a core that tell people they were let in."""

    control: Control
    channels: Channels
    platform: Platform
    pairing: Pairing
    welcome: Welcome


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Here]:
    control, channels, tasks = await Control.open(tmp_path), Channels(tmp_path), Tasks()
    platform = Platform()
    outbox = Outbox(channels, {"world": platform}, tasks.spawn)
    pairing = Pairing(control.database, lambda: 1.0)
    welcome = Welcome(
        pairing=pairing, channels=channels, control=control, outbox=outbox, clock=lambda: 1.0
    )
    yield Here(
        control=control, channels=channels, platform=platform, pairing=pairing, welcome=welcome
    )
    await tasks.close()
    await channels.close()
    await control.close()


async def test_they_are_told_where_they_wrote_and_only_once(here: Here) -> None:
    pairing, welcome = here.pairing, here.welcome
    wish = await pairing.ask(EVE, HOME)
    assert wish is not None
    await welcome.all()
    assert not await here.channels.exists(HOME)
    await pairing.approve(wish.code, ADA, "world")
    await welcome.all()
    post = await here.platform.post(f"reply:paired:{wish.code}")
    assert post.thread.channel == HOME
    assert "You may use me now" in post.text
    await welcome.all()
    assert len(here.platform.posts()) == 1


async def test_a_death_before_control_db_knew_tells_nobody_twice(here: Here) -> None:
    pairing, welcome = here.pairing, here.welcome
    wish = await pairing.ask(EVE, HOME)
    assert wish is not None
    await pairing.approve(wish.code, ADA, "world")
    await welcome.all()
    await here.platform.post(f"reply:paired:{wish.code}")
    await here.control.database.write(lambda tx: tx.execute("UPDATE paired SET told = 0").rowcount)
    await welcome.all()
    assert await pairing.untold() == ()
    assert len(here.platform.posts()) == 1


async def test_they_are_told_at_once_also_when_control_db_cannot_keep_that(here: Here) -> None:
    pairing, welcome = here.pairing, here.welcome
    wish = await pairing.ask(EVE, HOME)
    assert wish is not None
    await pairing.approve(wish.code, ADA, "world")
    await here.control.mark(HOME)
    await here.control.database.run(lambda tx: tx.execute("PRAGMA query_only = 1").fetchall())
    await welcome.all()
    await here.platform.post(f"reply:paired:{wish.code}")
    await here.control.database.run(lambda tx: tx.execute("PRAGMA query_only = 0").fetchall())
    await welcome.all()
    assert await pairing.untold() == ()
    assert len(here.platform.posts()) == 1
