"""The program inside the sandbox: standard library only, nothing of the bot, and few imports.

It is started for every job, so each import is paid for in milliseconds and memory: no `json`,
`re`, `subprocess`, `typing`, `signal` here (`json` alone would double the start).
"""
