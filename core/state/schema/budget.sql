-- What model calls have cost and may still cost, in tokens and in nanodollars. Part of control.db.

CREATE TABLE spent (
    level    TEXT NOT NULL,                 -- work, person, channel, all, model
    name     TEXT NOT NULL,                 -- which piece of work, person, channel, model
    period   TEXT NOT NULL,                 -- '2026-11-03', '2026-11', '' for work
    tokens   INTEGER NOT NULL DEFAULT 0,
    nanos    INTEGER NOT NULL DEFAULT 0,
    unpriced INTEGER NOT NULL DEFAULT 0,    -- of the tokens, those whose price is not known
    reserved_tokens INTEGER NOT NULL DEFAULT 0,    -- the sum of its open reservations
    reserved_nanos  INTEGER NOT NULL DEFAULT 0,
    at       REAL NOT NULL,                 -- last touched, Unix seconds
    PRIMARY KEY (level, name, period)
) STRICT, WITHOUT ROWID;

-- One row for each model call under way, and for each job that was let in and has not yet made its
-- first; gone when it is settled.
CREATE TABLE reservations (                 -- states: called, held
    id     INTEGER PRIMARY KEY AUTOINCREMENT,
    pots   TEXT NOT NULL,                   -- [[level, name, period], …] that it counts against
    tokens INTEGER NOT NULL,
    nanos  INTEGER,                         -- NULL: no price is known
    at     REAL NOT NULL,
    day    TEXT NOT NULL,                   -- of the channel
    usage  TEXT NOT NULL,                   -- [platform, workspace, channel, person, model, kind]
    held   TEXT                             -- the job that was let in; NULL for a call
) STRICT;
CREATE UNIQUE INDEX reservations_held ON reservations (held) WHERE held IS NOT NULL;

-- Who used what where, a row for each day: for `thaw usage`.
CREATE TABLE usage (
    day        TEXT NOT NULL,               -- '2026-11-03', of the channel
    platform   TEXT NOT NULL,
    workspace  TEXT NOT NULL,
    channel    TEXT NOT NULL,
    person     TEXT NOT NULL,
    model      TEXT NOT NULL,
    kind       TEXT NOT NULL,               -- what for: turn, job, draft, summary
    calls      INTEGER NOT NULL,
    prompt     INTEGER NOT NULL,            -- tokens, as far as servers said
    cached     INTEGER NOT NULL,
    completion INTEGER NOT NULL,
    tokens     INTEGER NOT NULL,            -- as charged
    nanos      INTEGER NOT NULL,
    unpriced   INTEGER NOT NULL,            -- of the tokens, those whose price is not known
    PRIMARY KEY (day, platform, workspace, channel, person, model, kind)
) STRICT, WITHOUT ROWID;
