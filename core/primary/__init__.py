"""The primary agent: its prompt, tools, commands and turns."""
