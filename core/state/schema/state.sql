-- What a channel knows: commits, what each wanted, and the versions that came of it. Entries and
-- workspace files share the tables. Rows are only added; what ends gets the commit of its end.

CREATE TABLE commits (
    number      INTEGER PRIMARY KEY,
    source      TEXT NOT NULL UNIQUE,       -- what was merged: the same source merges once
    author_kind TEXT NOT NULL,              -- person, agent, job
    author_id   TEXT NOT NULL,
    author      TEXT NOT NULL,
    job         INTEGER,
    base        INTEGER NOT NULL,           -- the commit its author saw
    order_base  INTEGER NOT NULL,           -- with order_rank: its place among concurrent writes
    order_rank  INTEGER NOT NULL,
    rules       INTEGER NOT NULL,           -- revision of the rules that decided it
    about       TEXT NOT NULL,
    at          REAL NOT NULL,
    receipt     TEXT NOT NULL,              -- JSON
    conflicts   TEXT NOT NULL,              -- numbers of the conflicts it met, blanks between
    undoes      INTEGER,
    undone_by   INTEGER
) STRICT;
CREATE INDEX commits_undos ON commits (number) WHERE undoes IS NOT NULL;
CREATE INDEX commits_undone ON commits (undoes) WHERE undoes IS NOT NULL;

CREATE TABLE entries (
    id     INTEGER PRIMARY KEY,
    space  TEXT NOT NULL,                   -- entry, file
    key    TEXT NOT NULL,
    pruned INTEGER NOT NULL DEFAULT 0,      -- a fold begins with what it was at this commit
    UNIQUE (space, key)
) STRICT;

-- How far the past is gone: at most one row.
CREATE TABLE pruned (
    one    INTEGER PRIMARY KEY CHECK (one = 1),
    floor  INTEGER NOT NULL,                -- the oldest commit that can be read; none up to it undone
    listed INTEGER NOT NULL,                -- commits up to it are in `to_prune`,
    operation INTEGER NOT NULL              -- and operations of the next one up to this
) STRICT;

-- Entries with rows that nothing needs any more, or will not soon; their operations have been
-- looked at up to this commit and operation.
CREATE TABLE to_prune (
    entry     INTEGER PRIMARY KEY,
    commit_no INTEGER NOT NULL,
    operation INTEGER NOT NULL
) STRICT;

-- What is wanted, whole, so that an undo can leave it out and fold the rest again.
CREATE TABLE operations (
    id        INTEGER PRIMARY KEY,
    commit_no INTEGER NOT NULL,
    entry     INTEGER NOT NULL,
    op        TEXT NOT NULL,
    argument  TEXT                          -- JSON
) STRICT;
CREATE INDEX operations_entry ON operations (entry, commit_no);
CREATE INDEX operations_commit ON operations (commit_no);

-- A key as it stands from a commit on, until its next version.
CREATE TABLE versions (
    entry      INTEGER NOT NULL,
    commit_no  INTEGER NOT NULL,
    kind       TEXT,                        -- NULL: there is nothing
    body       TEXT,                        -- value, text, file: JSON; counter: the sum; set, log: the
                                            -- count; record: its fields, each with all columns from
                                            -- here on (core/state/record.py)
    changed    INTEGER NOT NULL,            -- the last commit whose write is in it
    born       INTEGER NOT NULL,            -- the commit that made it, after the last delete
    cleared    INTEGER NOT NULL,            -- the last commit that deleted it, 0: none
    person     INTEGER NOT NULL,            -- the last commit of a person in it, 0: none
    order_base INTEGER NOT NULL,            -- the place of the write that stands
    order_rank INTEGER NOT NULL,
    saw        INTEGER NOT NULL,            -- the last change that the author of a value saw, 0: none
    PRIMARY KEY (entry, commit_no)
) STRICT, WITHOUT ROWID;

-- Lines of logs in their order; the text is the operation's.
CREATE TABLE lines (
    entry      INTEGER NOT NULL,
    order_base INTEGER NOT NULL,
    order_rank INTEGER NOT NULL,
    operation  INTEGER NOT NULL,
    added      INTEGER NOT NULL,
    removed    INTEGER,
    PRIMARY KEY (entry, order_base, order_rank, operation, added)
) STRICT, WITHOUT ROWID;
CREATE INDEX lines_removed ON lines (entry, removed) WHERE removed IS NOT NULL;

-- Each inclusion in a set leaves a stamp; an element is in while one lives.
CREATE TABLE stamps (
    entry     INTEGER NOT NULL,
    element   TEXT NOT NULL,                -- JSON
    operation INTEGER NOT NULL,
    commit_no INTEGER NOT NULL,             -- the commit that included it
    added     INTEGER NOT NULL,
    removed   INTEGER,
    PRIMARY KEY (entry, element, operation, added)
) STRICT, WITHOUT ROWID;
CREATE INDEX stamps_removed ON stamps (entry, removed) WHERE removed IS NOT NULL;

-- A row for each key of a conflict: it has several where a rule says `together`.
CREATE TABLE conflicts (
    number   INTEGER NOT NULL,
    entry    INTEGER NOT NULL,
    revision INTEGER NOT NULL,              -- grows with each change of what can be chosen
    opened   INTEGER NOT NULL,
    closed   INTEGER,
    PRIMARY KEY (number, entry)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX conflicts_open ON conflicts (entry) WHERE closed IS NULL;
CREATE INDEX conflicts_closed ON conflicts (closed) WHERE closed IS NOT NULL;

-- Writes that did not become the state: candidates of an open conflict, or beaten (NULL).
CREATE TABLE losers (
    entry     INTEGER NOT NULL,
    commit_no INTEGER NOT NULL,
    conflict  INTEGER,
    part      TEXT,                         -- of a record the fields that lost, JSON; NULL: all
    PRIMARY KEY (entry, commit_no)
) STRICT, WITHOUT ROWID;

-- Contents of files, in pieces so that none has to be in memory whole.
CREATE TABLE blobs (
    sha256  TEXT NOT NULL,
    piece   INTEGER NOT NULL,
    content BLOB NOT NULL,
    UNIQUE (sha256, piece)
) STRICT;

CREATE TABLE pins (
    key       TEXT PRIMARY KEY,
    person_id TEXT NOT NULL,
    person    TEXT NOT NULL,
    at        REAL NOT NULL
) STRICT;

CREATE TABLE rules (
    revision INTEGER PRIMARY KEY,
    content  TEXT NOT NULL UNIQUE           -- JSON
) STRICT;
