-- One job's own file: what it did, what it read, and what it wants changed.

-- Whose it is, so that a file in the wrong folder is never taken for another job's.
CREATE TABLE job (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    id  TEXT NOT NULL,
    created_at REAL                         -- the job's; NULL: nobody knows
) STRICT;

CREATE TABLE steps (
    number   INTEGER PRIMARY KEY,           -- in the order they began
    kind     TEXT NOT NULL,                 -- attempt, model, tool, steering, breakdown, summary
    name     TEXT NOT NULL,                 -- attempt: its number; tool: the tool; steering: who
    title    TEXT NOT NULL,                 -- a line for people
    call     TEXT,                          -- tool: the model's call that it answers
    request  TEXT NOT NULL,                 -- tool: the model's arguments; steering: what was said;
                                            -- summary: the call up to whose result it stands;
                                            -- model: how often what it shows was made shorter
    response TEXT,                          -- NULL while it runs, or when it was cut off
    seq      INTEGER,                       -- steering: its place in the channel
    tokens   INTEGER NOT NULL DEFAULT 0,
    began_at REAL NOT NULL,
    ended_at REAL
) STRICT;

-- What it was shown of the channel, and of which version.
CREATE TABLE reads (
    step   INTEGER NOT NULL,
    kind   TEXT NOT NULL,                   -- key, prefix, file, folder, search
    name   TEXT NOT NULL,                   -- the key, the prefix, the path, the query
    commit_no INTEGER NOT NULL,             -- that wrote the version shown; 0: there was none
    detail TEXT NOT NULL                    -- JSON: of a prefix what was left out, of a search hits
) STRICT;

-- The delta: what it wants of the state, in its order, and the workspace files it changed.
CREATE TABLE operations (
    number   INTEGER PRIMARY KEY,
    step     INTEGER NOT NULL,
    key      TEXT NOT NULL,
    op       TEXT NOT NULL,
    argument TEXT NOT NULL                  -- JSON
) STRICT;
CREATE TABLE files (
    path       TEXT PRIMARY KEY,
    sha256     TEXT,                        -- NULL: deleted
    executable INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The workspace as the last step left it, to tell what changed behind a step's back.
CREATE TABLE manifest (
    path     TEXT PRIMARY KEY,
    size     INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    inode    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- At most one row. From `finish` on the delta is frozen; the outcome follows when all is gone.
CREATE TABLE ending (                       -- states: open, frozen, ended
    one     INTEGER PRIMARY KEY CHECK (one = 1),
    step    INTEGER,                        -- the finish call
    result  TEXT,                           -- JSON: result and named files, once frozen
    outcome TEXT,                           -- JSON, once it is certain
    notes   TEXT NOT NULL DEFAULT '[]',     -- JSON: what could not be taken over
    at      REAL NOT NULL
) STRICT;
