-- One source folder's index: all of it can be rebuilt from the folder.

CREATE TABLE files (
    id       INTEGER PRIMARY KEY,
    path     TEXT NOT NULL UNIQUE,      -- inside the folder, with forward slashes
    at       REAL NOT NULL,             -- when it was changed, Unix seconds
    size     INTEGER,                   -- with mtime_ns and inode: the file as it was indexed;
    mtime_ns INTEGER,                   -- NULL while it is not indexed whole
    inode    INTEGER,
    skipped  TEXT                       -- why nothing of it is indexed
) STRICT;

CREATE TABLE chunks (
    id     INTEGER PRIMARY KEY,         -- grows with the line within a file
    file   INTEGER NOT NULL REFERENCES files (id),
    line   INTEGER NOT NULL,            -- the number of its first line, from 1
    digest BLOB NOT NULL,
    text   TEXT NOT NULL
) STRICT;
CREATE INDEX chunks_file ON chunks (file, id);

CREATE VIEW indexed AS
SELECT chunks.id AS id, files.path AS path, chunks.text AS text
FROM chunks JOIN files ON files.id = chunks.file;

-- No triggers: within one, FTS5 writes its buffer out after every row, at twice the cost.
CREATE VIRTUAL TABLE words USING fts5 (
    path,
    text,
    content = 'indexed',
    content_rowid = 'id',
    tokenize = 'unicode61 remove_diacritics 2'
);
-- One batch of text fits the buffer, so it is written out once.
INSERT INTO words (words, rank) VALUES ('hashsize', 6000000);
