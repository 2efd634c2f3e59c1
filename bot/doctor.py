"""`thaw doctor`: what is configured, what is missing, what to do. Looks only; changes nothing."""

import errno
import os
import shutil
import socket
import subprocess
import sys
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from bot.config import OPENAI_URL, BudgetSettings, Config, ModelSettings, WebSettings

TOO_FULL = 500_000_000
TRIAL = ("bwrap", "--unshare-pid", "--unshare-net", "--ro-bind", "/", "/", "true")


class Level(StrEnum):
    """How bad a finding is: a problem keeps the bot, or what was asked of it, from working."""

    OK = "ok"
    NOTE = "note"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing looked at. `advice` is what to do about it, "" if nothing."""

    level: Level
    about: str
    text: str
    advice: str = ""

    def __str__(self) -> str:
        first = f"{self.level:8} {self.about:9} {self.text}"
        return f"{first}\n{'':19}-> {self.advice}" if self.advice else first


def examine(config: Config) -> list[Finding]:
    """Look at everything the bot will need. Takes up to a few seconds; asks no other machine."""
    return [
        _configuration(config),
        _data(config.bot.data_dir),
        _model(config.model),
        _page(config.web),
        _sandbox(config.subagents.sandbox),
        _budget(config.budget),
        *(
            Finding(level=Level.OK, about="source", text=f"{source.name}: {source.path}")
            for source in config.sources
        ),
    ]


def _configuration(config: Config) -> Finding:
    python = ".".join(str(part) for part in sys.version_info[:3])
    where = f"read from {config.file}" if config.file else "no file, so all defaults hold"
    return Finding(level=Level.OK, about="settings", text=f"{where} (Python {python})")


def _data(folder: Path) -> Finding:
    nearest = next(path for path in (folder, *folder.parents) if os.path.lexists(path))
    if not os.access(nearest, os.W_OK | os.X_OK):
        return Finding(
            level=Level.PROBLEM,
            about="data",
            text=f"{nearest} cannot be written to",
            advice="give this user the right to write there, or set [bot] data_dir",
        )
    free = shutil.disk_usage(nearest).free
    text = f"{folder}, {free / 1e9:.1f} GB free"
    if free < TOO_FULL:
        advice = "make room, or set [bot] data_dir to a larger disk"
        return Finding(level=Level.NOTE, about="data", text=text, advice=advice)
    return Finding(level=Level.OK, about="data", text=text)


def _model(model: ModelSettings) -> Finding:
    if model.offline:
        return Finding(
            level=Level.NOTE,
            about="model",
            text=f"{model.api_key_env} is not set, so the small built-in offline model answers",
            advice=f"set {model.api_key_env}, or [model] base_url for a server of your own",
        )
    key = f"key from {model.api_key_env}" if model.api_key else "without a key"
    names = model.name if model.subagent_name is None else f"{model.name}, {model.subagent_name}"
    server = "OpenAI" if model.base_url == OPENAI_URL else model.base_url
    return Finding(level=Level.OK, about="model", text=f"{names} at {server}, {key}")


def _page(web: WebSettings) -> Finding:
    address = f"http://{f'[{web.host}]' if ':' in web.host else web.host}:{web.port}"
    family = socket.AF_INET6 if ":" in web.host else socket.AF_INET
    try:
        with socket.socket(family) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind((web.host, web.port))
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            text = f"{address} is in use"
            advice = "fine if it is this bot that runs; else set [web] port"
            return Finding(level=Level.NOTE, about="page", text=text, advice=advice)
        advice = "set [web] host and port to ones this user may listen on"
        text = f"{address} cannot be used: {error.strerror}"
        return Finding(level=Level.PROBLEM, about="page", text=text, advice=advice)
    return Finding(level=Level.OK, about="page", text=address)


def _sandbox(wanted: str) -> Finding:
    if wanted == "process":
        return Finding(
            level=Level.NOTE,
            about="sandbox",
            text="process: jobs run with all rights of this user; nothing is isolated",
            advice='set [subagents] sandbox = "auto" unless only you use the bot',
        )
    trouble = _bubblewrap_trouble()
    if trouble is None:
        return Finding(level=Level.OK, about="sandbox", text="bubblewrap works")
    needed = wanted == "bubblewrap"
    without = "no job can run" if needed else "jobs have no shell and no python"
    return Finding(
        level=Level.PROBLEM if needed else Level.NOTE,
        about="sandbox",
        text=f"{trouble}, so {without}",
        advice="install it (make system, or your system's package bubblewrap)",
    )


def _bubblewrap_trouble() -> str | None:
    if shutil.which(TRIAL[0]) is None:
        return "bubblewrap is not installed"
    try:
        ended = subprocess.run(TRIAL, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"bubblewrap does not start ({error})"
    return f"bubblewrap does not work ({ended.stderr.strip()})" if ended.returncode else None


def _budget(budget: BudgetSettings) -> Finding:
    further = {
        "a person a day": budget.per_person_day,
        "a channel a day": budget.per_channel_day,
        "a month": budget.per_month,
    }
    set_ones = [f"{tokens:,} {what}" for what, tokens in further.items() if tokens]
    text = "; ".join([f"tokens: {budget.per_job:,} a job", *set_ones])
    if set_ones:
        return Finding(level=Level.OK, about="budget", text=text)
    advice = "set [budget] per_month, so that a busy month has an end"
    return Finding(level=Level.NOTE, about="budget", text=text, advice=advice)
