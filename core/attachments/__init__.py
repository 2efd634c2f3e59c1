"""Files that people send with a message: how they come in, and where they land. No platform."""
