"""Search: one index over messages, state, files and source folders. Shared, never copied."""
