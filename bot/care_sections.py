"""The sections [backup] and [health]: copies taken by the bot itself, and where it is watched."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from bot import checks


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupSettings:
    """Where the bot puts backups, how often, and how many of them stay."""

    dir: Annotated[Path, checks.folder]
    every_hours: Annotated[float, checks.number(0.01, 8760)] = 24.0
    keep: Annotated[int, checks.whole(1, 1000)] = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthSettings:
    """Where /healthz, /readyz and /metrics are served beside the page. Port 0 is any free one."""

    host: Annotated[str, checks.host] = "127.0.0.1"
    port: Annotated[int, checks.whole(0, 65535)] = 8485


CARE: dict[str, type] = {"backup": BackupSettings, "health": HealthSettings}
