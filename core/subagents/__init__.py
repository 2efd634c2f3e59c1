"""Subagents: the programs that work on jobs, and all that starts, serves and confines them."""
