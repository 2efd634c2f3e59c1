"""Search: one index over a channel's messages and the source folders. Shared, never copied."""
