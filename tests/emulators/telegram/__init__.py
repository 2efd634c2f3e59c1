"""A Telegram Bot API server on loopback, meaner than the real one; see `server.TelegramServer`."""

from tests.emulators.telegram.faults import Fault
from tests.emulators.telegram.limits import Limits
from tests.emulators.telegram.server import TelegramServer
from tests.emulators.telegram.world import Shown, World

__all__ = ["Fault", "Limits", "Shown", "TelegramServer", "World"]
