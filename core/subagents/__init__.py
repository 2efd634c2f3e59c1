"""Subagents: the programs that work on jobs, and everything that starts, serves and confines them."""
