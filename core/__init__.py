"""Everything the bot decides. Knows no platform, reads no configuration file."""
