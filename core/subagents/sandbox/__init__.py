"""Sandboxes: where the program that works on a job runs."""

from core.subagents.sandbox.choose import Wanted, choose
from core.subagents.sandbox.port import (
    Choice,
    Mount,
    Sandbox,
    SandboxExit,
    SandboxProcess,
    SandboxSpec,
)

__all__ = [
    "Choice",
    "Mount",
    "Sandbox",
    "SandboxExit",
    "SandboxProcess",
    "SandboxSpec",
    "Wanted",
    "choose",
]
