"""Which price each model has: the configuration's own first, then the list's. Counts nothing."""

import asyncio
import ipaddress
import json
import os
import sys
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import structlog

from core.model.prices import Price, Rates

log = structlog.get_logger(__name__)

PATIENCE_S = 30.0
# A list that could not be asked is asked again after so long.
_AGAIN_S = 300.0
# Channels can name any model; so many are remembered.
_MOST = 256
_LIST = Path(__file__).with_name("price_list.py")
_ENVIRONMENT = ("PATH", "HOME", "LANG", "LD_LIBRARY_PATH", "VIRTUAL_ENV", "SYSTEMROOT")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """What the list says of a model: its price, and until when that holds (None: always)."""

    price: Price | None
    until: float | None


Look = Callable[[str, tuple[str, ...], float], Awaitable[Mapping[str, Listed]]]


class PriceBook:
    """The prices of one server's models. `own` are the configuration's; `look` asks the list."""

    def __init__(
        self,
        server: str,
        own: Mapping[str, Price],
        *,
        clock: Callable[[], float] = time.time,
        look: Look | None = None,
    ) -> None:
        self._server = server
        self._own = own
        self._clock = clock
        self._look = look or (_nothing if _private(server) else listed)
        self._known: dict[str, Listed] = {}
        self._asking: dict[str, asyncio.Task[Mapping[str, Listed]]] = {}

    async def of(self, model: str) -> Price | None:
        """The model's price now; None if it is not known."""
        found = await self.every((model,))
        return found[model]

    async def learn(self, models: Iterable[str]) -> None:
        """Look them up now, so that the first call does not wait for it."""
        await self.every(models)

    async def close(self) -> None:
        """End the looks under way."""
        for task in tuple(self._asking.values()):
            task.cancel()
            await asyncio.wait({task})

    async def every(self, models: Iterable[str]) -> dict[str, Price | None]:
        """The same for several models, in one look at the list at most."""
        wanted = tuple(dict.fromkeys(models))
        lacking = tuple(name for name in wanted if self._lacks(name))
        fresh = tuple(name for name in lacking if name not in self._asking)
        if fresh:
            task = asyncio.create_task(self._ask(fresh), name="look prices up")
            self._asking.update(dict.fromkeys(fresh, task))
        for task in {self._asking[name] for name in lacking}:
            # Others wait for it as well: whoever is cancelled does not cancel it.
            await asyncio.shield(task)
        return {name: self._now(name) for name in wanted}

    def _now(self, name: str) -> Price | None:
        own = self._own.get(name)
        found = self._known.get(name)
        return own or (found.price if found else None)

    def _lacks(self, name: str) -> bool:
        if name in self._own:
            return False
        found = self._known.get(name)
        return found is None or (found.until is not None and found.until <= self._clock())

    async def _ask(self, names: tuple[str, ...]) -> Mapping[str, Listed]:
        try:
            found = await self._look(self._server, names, self._clock())
        except (OSError, ValueError, TimeoutError) as error:
            log.warning("prices could not be looked up", models=names, error=str(error))
            later = Listed(price=None, until=self._clock() + _AGAIN_S)
            found = dict.fromkeys(names, later)
        finally:
            for name in names:
                del self._asking[name]
        unknown = Listed(price=None, until=None)
        for name in names:
            self._known.pop(name, None)
            self._known[name] = found.get(name, unknown)
        while len(self._known) > max(_MOST, len(names)):
            del self._known[next(iter(self._known))]
        return found


async def listed(server: str, names: tuple[str, ...], at: float) -> Mapping[str, Listed]:
    """Ask the list, which is a program of its own. Raises OSError, ValueError, TimeoutError."""
    # It is told no secrets: the environment holds the keys.
    environment = {
        name: value
        for name, value in os.environ.items()
        if name in _ENVIRONMENT or name.startswith(("LC_", "PYTHON"))
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-W", "ignore", str(_LIST),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE, env=environment,
    )  # fmt: skip
    asked = json.dumps({"server": server, "models": names, "at": at}).encode()
    try:
        async with asyncio.timeout(PATIENCE_S):
            answer, complaint = await process.communicate(asked)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        last = complaint.decode("utf-8", "replace").strip().splitlines()[-1:]
        raise ValueError(f"the list of prices ended with code {process.returncode}: {last}")
    return {name: _listed(one) for name, one in json.loads(answer).items()}


def _listed(found: Mapping[str, list[list[int]] | float | None]) -> Listed:
    rates, until = found["rates"], found["until"]
    assert isinstance(rates, list)
    assert not isinstance(until, list)
    price = Price(
        rates=tuple(
            Rates(above=above, input=new, cached=cached, written=written, output=output)
            for above, new, cached, written, output in rates
        )
    )
    return Listed(price=price, until=until)


async def _nothing(_server: str, _names: tuple[str, ...], _at: float) -> Mapping[str, Listed]:
    return {}


def _private(server: str) -> bool:
    """Whether the server is somebody's own: no list has its prices."""
    host = urlsplit(server).hostname or ""
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return "." not in host or host.endswith((".local", ".internal", ".localhost"))
