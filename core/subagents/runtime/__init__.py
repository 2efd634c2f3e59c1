"""The program inside the sandbox. Stand-alone: standard library only, imports nothing of the bot."""
