"""The rows of a channel's conversations: inbox, messages, turns, jobs, outbox. Functions over a
transaction, so that whoever commits decides what belongs together; no decisions here."""
