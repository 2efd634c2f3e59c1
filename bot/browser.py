"""Shows the page in the person's browser, if there is one at hand. Never waits for it."""

import sys
import threading
import webbrowser
from collections.abc import Mapping
from typing import TextIO


def at_hand(environment: Mapping[str, str], *streams: TextIO | None) -> bool:
    """Whether somebody sits at a desktop here: a terminal on `streams`, and a screen beside it."""
    if not all(stream is not None and stream.isatty() for stream in streams):
        return False
    if environment.get("CI") or environment.get("SSH_CONNECTION"):
        return False
    screen = environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY")
    return bool(screen) or sys.platform == "darwin"


def show(address: str) -> None:
    """Open the page in a tab, without a word when that cannot be done: the address is printed."""
    # Some browsers are waited for; the bot's end must not wait with them.
    threading.Thread(target=_show, args=(address,), name="browser", daemon=True).start()


def _show(address: str) -> None:
    try:
        browser = webbrowser.get()
        # These draw in the terminal, which is the bot's.
        if type(browser) is not webbrowser.GenericBrowser:
            browser.open(address)
    except (webbrowser.Error, OSError):
        return
