"""Telegram as a platform. Imports nothing: its library is loaded only where it is configured."""
