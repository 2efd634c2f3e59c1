"""What one job may use, by the configuration. Data only."""

from dataclasses import dataclass

from core.subagents.transcript import BOUND


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """`memory_mb`, `processes` and `disk_mb`: see SandboxSpec. `transcript`: see Transcript."""

    memory_mb: int
    processes: int
    disk_mb: int
    transcript: int = BOUND
