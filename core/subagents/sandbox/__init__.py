"""Sandboxes: where the program that works on a job runs."""

from core.subagents.sandbox.beginning import Beginning, Choice
from core.subagents.sandbox.choose import Wanted, choose
from core.subagents.sandbox.port import (
    Mount,
    Sandbox,
    SandboxExit,
    SandboxProcess,
    SandboxSpec,
    Shape,
)
from core.subagents.sandbox.spares import Spares

__all__ = [
    "Beginning",
    "Choice",
    "Mount",
    "Sandbox",
    "SandboxExit",
    "SandboxProcess",
    "SandboxSpec",
    "Shape",
    "Spares",
    "Wanted",
    "choose",
]
