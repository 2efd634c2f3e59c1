"""Discord <-> the core's messages. Loads nothing itself: `adapter` is where the library begins."""
