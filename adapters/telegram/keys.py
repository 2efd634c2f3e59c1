"""What this adapter keeps in Places beside the core's items. Names only."""

FILES = "#files"  # behind a post's id: the messages that hold its files
ASK = "ask:"  # before the action a forced reply is for
DETAILS = "details:"  # before the press that showed a job's steps
MOVED_TO = "moved:to"
MOVED_FROM = "moved:from"
