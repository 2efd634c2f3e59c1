"""Numbers as Prometheus reads them, and those of the platforms. Text only; serves nothing."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from bot.health import Health

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """One metric: each sample is its labels, as they are written, and its value."""

    name: str
    kind: str
    help: str
    samples: tuple[tuple[str, float], ...]

    @classmethod
    def gauge(cls, name: str, about: str, *samples: tuple[str, float]) -> "Family":
        """What goes up and down."""
        return cls(name=name, kind="gauge", help=about, samples=samples)

    @classmethod
    def counter(cls, name: str, about: str, *samples: tuple[str, float]) -> "Family":
        """What only grows, until the bot starts again."""
        return cls(name=name, kind="counter", help=about, samples=samples)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Metric:
    """One number of each platform."""

    name: str
    kind: str
    help: str
    of: Callable[[Health], float | None]


_METRICS = (
    _Metric(
        name="thaw_platform_connected", kind="gauge",
        help="Whether the platform can be heard (1) or not (0).",
        of=lambda health: int(health.connected),
    ),
    _Metric(
        name="thaw_platform_last_event_timestamp_seconds", kind="gauge",
        help="When something came from the platform last, in Unix seconds.",
        of=lambda health: health.last_event,
    ),
    _Metric(
        name="thaw_platform_queue", kind="gauge",
        help="What waits to be shown there or to be taken up from there.",
        of=lambda health: health.queue,
    ),
    _Metric(
        name="thaw_platform_sends_total", kind="counter",
        help="Requests made.",
        of=lambda health: health.sends,
    ),
    _Metric(
        name="thaw_platform_retries_total", kind="counter",
        help="Requests and connections made again.",
        of=lambda health: health.retries,
    ),
    _Metric(
        name="thaw_platform_throttled_seconds_total", kind="counter",
        help="How long the platform's limits made requests wait.",
        of=lambda health: health.throttled_s,
    ),
)  # fmt: skip


def exposition(healths: Iterable[Health]) -> str:
    """All metrics of all platforms, in Prometheus' text format."""
    known = tuple(healths)
    return text_of(_family(metric, known) for metric in _METRICS)


def text_of(families: Iterable[Family]) -> str:
    """Metrics in Prometheus' text format."""
    lines = []
    for one in families:
        lines += [f"# HELP {one.name} {one.help}", f"# TYPE {one.name} {one.kind}"]
        for labels, value in one.samples:
            lines.append(f"{one.name}{f'{{{labels}}}' if labels else ''} {_number(value)}")
    return "\n".join(lines) + "\n"


def _family(metric: _Metric, healths: tuple[Health, ...]) -> Family:
    found = ((f'platform="{health.name}"', metric.of(health)) for health in healths)
    samples = tuple((labels, value) for labels, value in found if value is not None)
    return Family(name=metric.name, kind=metric.kind, help=metric.help, samples=samples)


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else f"{value:.3f}"
