-- What model calls have cost and may still cost, in tokens. Part of control.db.

CREATE TABLE spent (
    level    TEXT NOT NULL,                 -- work, person, channel, all, model
    name     TEXT NOT NULL,                 -- which piece of work, person, channel, model
    period   TEXT NOT NULL,                 -- '2026-11-03', '2026-11', '' for work
    used     INTEGER NOT NULL DEFAULT 0,
    reserved INTEGER NOT NULL DEFAULT 0,    -- the sum of its open reservations
    at       REAL NOT NULL,                 -- last touched, Unix seconds
    PRIMARY KEY (level, name, period)
) STRICT, WITHOUT ROWID;

-- One row for each model call under way; gone when it is settled.
CREATE TABLE reservations (
    id    INTEGER PRIMARY KEY AUTOINCREMENT,
    pots  TEXT NOT NULL,                    -- [[level, name, period], …] that it counts against
    bound INTEGER NOT NULL,
    at    REAL NOT NULL
) STRICT;
