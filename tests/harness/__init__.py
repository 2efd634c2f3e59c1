"""The bot from outside: its process, its page, its model, its files. Imports none of its code."""
