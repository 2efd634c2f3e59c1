"""Where subagents run: implementations of core.ports.Engine."""
