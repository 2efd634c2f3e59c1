"""The whole core under a seeded scheduler with virtual time: its promises, broken on purpose."""
