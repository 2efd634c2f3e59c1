"""Discord <-> the core's messages. Loads nothing by itself: `adapter` is where the library begins."""
