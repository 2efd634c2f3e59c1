"""Which proxy the environment names for an address. Connects to none."""

import urllib.request
from urllib.parse import urlsplit


def proxy_for(url: str) -> str | None:
    """The proxy's address, None for none. Slack's library would take one for every address,
    those that NO_PROXY names too."""
    parts = urlsplit(url)
    if urllib.request.proxy_bypass(parts.hostname or ""):
        return None
    return urllib.request.getproxies().get(parts.scheme)
