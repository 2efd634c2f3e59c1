"""Slack as a platform. Translation and transport; it decides nothing."""
