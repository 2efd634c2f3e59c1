"""Slack as a platform. Translation and transport; it decides nothing."""

from adapters.slack.adapter import SlackAdapter
from adapters.slack.settings import SlackSettings
from adapters.slack.status import Status

__all__ = ["SlackAdapter", "SlackSettings", "Status"]
