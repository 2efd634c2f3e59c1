import asyncio
import logging
import threading

import pytest
from discord.gateway import KeepAliveHandler

from adapters.discord.adapter import DiscordAdapter


def the_beats() -> KeepAliveHandler:
    """Those of the bot's connection; a thread of a test before may still be on its way out."""
    here = asyncio.get_running_loop()
    beats = [one for one in threading.enumerate() if isinstance(one, KeepAliveHandler)]
    (found,) = [one for one in beats if one.ws.loop is here]
    return found


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [one.getMessage() for one in caplog.records if one.name == "discord.gateway"]


async def test_an_answer_that_comes_before_the_library_s_thread_wakes_is_not_late(
    bot: DiscordAdapter, caplog: pytest.LogCaptureFixture
) -> None:
    beats = the_beats()
    beats._last_send -= 41.25  # the heartbeat before was so long ago
    with caplog.at_level(logging.WARNING):
        beats.get_payload()
        beats.ack()
    assert told(caplog) == []


async def test_an_answer_that_is_late_is_told_in_words(
    bot: DiscordAdapter, caplog: pytest.LogCaptureFixture
) -> None:
    beats = the_beats()
    beats._last_send -= 41.25
    with caplog.at_level(logging.WARNING):
        beats.ack()
    (words,) = told(caplog)
    assert "answered a heartbeat after 41." in words
