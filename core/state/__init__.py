"""A channel's memory: the store, versions, snapshots, deltas, merging, history, search."""
