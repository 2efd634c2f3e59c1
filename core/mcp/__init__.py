"""Servers of tools that speak MCP: run for jobs, outside of the sandbox, each kept apart."""
