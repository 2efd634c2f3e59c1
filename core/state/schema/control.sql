-- Which channels there are, and which may have unfinished work. Can be rebuilt from their files.

CREATE TABLE channels (
    platform   TEXT NOT NULL,
    workspace  TEXT NOT NULL,
    channel    TEXT NOT NULL,
    unfinished INTEGER NOT NULL,
    PRIMARY KEY (platform, workspace, channel)
) STRICT, WITHOUT ROWID;
CREATE INDEX channels_unfinished ON channels (unfinished) WHERE unfinished = 1;

-- People who wrote to the bot and may not use it yet. Whose code an admin approves is let in.
CREATE TABLE pairing_wishes (
    platform  TEXT NOT NULL,
    person    TEXT NOT NULL,
    name      TEXT NOT NULL,
    workspace TEXT NOT NULL,  -- with the channel, where they wrote
    channel   TEXT NOT NULL,
    code      TEXT NOT NULL UNIQUE,
    until     REAL NOT NULL,
    PRIMARY KEY (platform, person)
) STRICT, WITHOUT ROWID;

-- People who were let in, by which code, by whom, and whether they were told.
CREATE TABLE paired (
    platform  TEXT NOT NULL,
    person    TEXT NOT NULL,
    name      TEXT NOT NULL,
    workspace TEXT NOT NULL,
    channel   TEXT NOT NULL,
    code      TEXT NOT NULL UNIQUE,
    by        TEXT NOT NULL,
    at        REAL NOT NULL,
    told      INTEGER NOT NULL,
    PRIMARY KEY (platform, person)
) STRICT, WITHOUT ROWID;
