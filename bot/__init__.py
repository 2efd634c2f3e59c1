"""The program: command line, configuration, wiring. What the bot decides is in core."""

__version__ = "0.1.0"
