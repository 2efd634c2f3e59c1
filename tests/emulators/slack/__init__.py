"""Slack on loopback: its Web API, Socket Mode and HTTP events, and the people who use it.

Written from Slack's documentation, and stricter where that leaves room: limits are held to the
call, payloads are refused for the first thing that is wrong with them.
"""

from tests.emulators.slack.faults import Fault
from tests.emulators.slack.people import Human
from tests.emulators.slack.server import SlackServer
from tests.emulators.slack.workspace import Channel, SlackMessage, Workspace

__all__ = ["Channel", "Fault", "Human", "SlackMessage", "SlackServer", "Workspace"]
