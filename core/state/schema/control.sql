-- Which channels there are, and which may have unfinished work. Can be rebuilt from their files.

CREATE TABLE channels (
    platform   TEXT NOT NULL,
    workspace  TEXT NOT NULL,
    channel    TEXT NOT NULL,
    unfinished INTEGER NOT NULL,
    PRIMARY KEY (platform, workspace, channel)
) STRICT, WITHOUT ROWID;
CREATE INDEX channels_unfinished ON channels (unfinished) WHERE unfinished = 1;
