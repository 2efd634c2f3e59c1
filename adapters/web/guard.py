"""Who may talk to the page's server: Host, Origin and the headers of every answer. No content.

A browser lets any site send requests to 127.0.0.1, and lets a hostile name resolve to it. So the
Host must be a loopback name with our port (DNS rebinding), and whatever can change something must
carry the Origin of our own page (cross-site requests).
"""

import ipaddress
from collections.abc import Callable

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from core.errors import ThawError

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types thaw"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


def loopback(host: str) -> str:
    """The loopback address to listen on. Raises ThawError for an address others could reach."""
    if host == "localhost":
        return "127.0.0.1"
    try:
        if ipaddress.ip_address(host).is_loopback:
            return host
    except ValueError:
        pass
    raise ThawError(
        f"[web] host is {host!r}, but the page has no log-in and so must stay on this machine: "
        "use 127.0.0.1, ::1 or localhost (from elsewhere, use an ssh tunnel to the same port)"
    )


def bracketed(host: str) -> str:
    """The address as it stands in a URL."""
    return f"[{host}]" if ":" in host else host


def hosts(host: str, port: int) -> frozenset[str]:
    """The Host headers that name this server."""
    names = {"127.0.0.1", "localhost", "[::1]", bracketed(host)}
    named = {f"{name}:{port}" for name in names}
    return frozenset(named | names if port == 80 else named)


def refusal(request: web.Request, allowed: frozenset[str]) -> str | None:
    """Why the request is not served, or None when it may pass."""
    named = request.headers.getall(hdrs.HOST, [])
    if len(named) != 1 or named[0].lower() not in allowed:
        return "The Host header does not name this page: open it as http://localhost or 127.0.0.1."
    upgrade = hdrs.UPGRADE in request.headers
    if request.method in ("GET", "HEAD") and not upgrade:
        # Files and texts are for the page alone; a browser says who asks.
        if request.headers.get("Sec-Fetch-Site") in ("cross-site", "same-site"):
            if request.headers.get("Sec-Fetch-Mode") == "navigate" and request.path == "/":
                return None
            return "Another site asked for this; only the page itself may."
        return None
    origins = request.headers.getall(hdrs.ORIGIN, [])
    if origins != [f"http://{named[0]}"]:
        return "The Origin header is not this page's: only the page itself may do this."
    return None


def middleware(allowed: Callable[[], frozenset[str]]) -> Middleware:
    """The guard in front of every handler; `allowed` is asked late, when the port is known."""

    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        reason = refusal(request, allowed())
        if reason is not None:
            raise web.HTTPForbidden(text=reason + "\n")
        return await handler(request)

    return guard


async def dress(_request: web.Request, response: web.StreamResponse) -> None:
    """Put the protecting headers on every answer, errors included; a handler's own stay."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
