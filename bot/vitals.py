"""How the whole bot is doing, in numbers: read when somebody asks, from what its parts count."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bot.health import Health
from bot.metrics import Family, exposition, text_of
from bot.watchdog import Watchdog
from bot.watched_model import FAILURES, ModelFigures
from core.desk import Desk
from core.jobs.admission import Admission
from core.outbox import Outbox

_ROLLUP = Path("/proc/self/smaps_rollup")


@dataclass(frozen=True, slots=True, kw_only=True)
class Vitals:
    """What is asked. `platforms` gives their health as of now, `began` is in Unix seconds."""

    platforms: Callable[[], tuple[Health, ...]]
    admission: Admission
    outbox: Outbox
    desk: Desk
    model: ModelFigures
    watchdog: Watchdog
    began: float

    async def text(self) -> str:
        """All of it, in Prometheus' text format."""
        pss = await asyncio.to_thread(_pss, _ROLLUP)
        families = (*self._work(), *self._calls(), *self._process(pss))
        return exposition(self.platforms()) + text_of(families)

    def _work(self) -> tuple[Family, ...]:
        running, waiting = self.admission.standing
        threads, oldest_s = self.outbox.backlog()
        merges = self.desk.merges
        return (
            Family.gauge(
                "thaw_jobs", "Jobs that are not ended, by where they stand.",
                ('state="running"', running), ('state="waiting"', waiting),
            ),
            Family.gauge("thaw_turns", "Messages that are being answered.", ("", self.desk.turns)),
            Family.gauge(
                "thaw_outbox_threads", "Threads in which something is still to be shown.",
                ("", threads),
            ),
            Family.gauge(
                "thaw_outbox_oldest_seconds", "For how long, in the one that waits longest.",
                ("", oldest_s),
            ),
            Family.counter(
                "thaw_merges_total", "Ends of turns and jobs that were merged and kept.",
                ("", merges.count),
            ),
            Family.counter(
                "thaw_merge_seconds_total", "How long that took, waiting for the file included.",
                ("", merges.seconds),
            ),
            Family.gauge(
                "thaw_merge_longest_seconds", "The longest of them.", ("", merges.longest_s)
            ),
        )  # fmt: skip

    def _calls(self) -> tuple[Family, ...]:
        model = self.model
        return (
            Family.counter("thaw_model_calls_total", "Calls begun.", ("", model.calls)),
            Family.gauge("thaw_model_calls_under_way", "Calls under way.", ("", model.under_way)),
            Family.counter(
                "thaw_model_seconds_total", "How long calls took, to their last word.",
                ("", model.seconds),
            ),
            Family.counter(
                "thaw_model_errors_total", "Calls without an answer.",
                *((f'kind="{kind}"', model.failed[kind]) for kind in FAILURES),
            ),
            Family.counter(
                "thaw_model_tokens_total", "Tokens, as the server counted them.",
                ('kind="prompt"', model.prompt), ('kind="completion"', model.completion),
            ),
        )  # fmt: skip

    def _process(self, pss: int | None) -> tuple[Family, ...]:
        dog = self.watchdog
        memory = () if pss is None else (("", pss),)
        return (
            Family.counter("thaw_loop_holds_total", "Holds of the event loop.", ("", dog.holds)),
            Family.counter("thaw_loop_held_seconds_total", "All of them.", ("", dog.held_s)),
            Family.gauge("thaw_loop_longest_hold_seconds", "The longest.", ("", dog.longest_s)),
            Family.gauge("thaw_memory_pss_bytes", "Memory of the bot, without its jobs.", *memory),
            Family.counter("thaw_cpu_seconds_total", "CPU time used.", ("", time.process_time())),
            Family.gauge(
                "thaw_start_time_seconds", "When it started, in Unix seconds.", ("", self.began)
            ),
        )


def _pss(rollup: Path) -> int | None:
    """Bytes; None where the kernel does not tell."""
    try:
        for line in rollup.read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError, IndexError):
        pass
    return None
