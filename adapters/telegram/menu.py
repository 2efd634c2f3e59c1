"""The menu of commands, and which words in a group are commands of ours. Data only."""

MENU = {
    "jobs": "the jobs of this chat",
    "job": "one job and its steps: /job 3",
    "stop": "stop the answer that is being written, or else the jobs",
    "cancel": "stop a job: /cancel 3",
    "unwatch": "hear no more of a job that others want too: /unwatch 3",
    "steer": "tell a job something: /steer 3 look at March too",
    "answer": "answer what a job asks: /answer 3 staging",
    "allow": "let a job do what it asks to do: /allow 3",
    "deny": "do not let it: /deny 3 why",
    "approvals": "what jobs may do here unasked",
    "run": "run a job's brief again: /run 3",
    "state": "what this chat's state holds",
    "set": "set a key: /set deploy.target prod",
    "unset": "remove a key",
    "pin": "show a key to the model in every turn",
    "unpin": "show it no longer",
    "history": "what changed, and who did it",
    "undo": "undo a change: /undo 12",
    "conflicts": "what two sides changed differently",
    "resolve": "settle a conflict: /resolve 2 1",
    "search": "search messages, state and files",
    "budget": "what was used and what is left",
    "pause": "start no further jobs here",
    "resume": "go on",
    "settings": "this chat's settings",
    "forget": "forget messages, keys or files",
    "help": "all commands",
}
# Those behind the menu are for few people.
KNOWN = {*MENU, "pair", "unpair", "pairs", "start", "thaw"}
