"""How much may come with one message. Data only."""

MOST_FILES = 10
LARGEST_FILE = 20 * 2**20
"""Bytes of one file: what Telegram hands to bots."""
LARGEST_FILES = 50 * 2**20
"""Bytes of all files of one message."""
