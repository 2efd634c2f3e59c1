-- The words of the channel's messages. Triggers keep the index in the transaction of the message
-- itself, whoever writes it. The text stays in messages alone. Beginnings of two to five letters
-- are indexed, because they match too many words to be gathered at query time.

--
-- Left out are questions to the search and what is posted in answer to commands: they only repeat
-- what is found by itself, and would be the first that the next search finds.

CREATE VIEW messages_indexed AS
SELECT seq, text FROM messages WHERE text NOT GLOB '/search*' AND id NOT GLOB 'reply:*';

CREATE VIRTUAL TABLE messages_words USING fts5 (
    text,
    content = 'messages_indexed',
    content_rowid = 'seq',
    prefix = '2 3 4 5',
    tokenize = 'unicode61 remove_diacritics 2'
);

CREATE TRIGGER messages_words_in AFTER INSERT ON messages
WHEN new.text NOT GLOB '/search*' AND new.id NOT GLOB 'reply:*' BEGIN
    INSERT INTO messages_words (rowid, text) VALUES (new.seq, new.text);
END;

CREATE TRIGGER messages_words_out AFTER DELETE ON messages
WHEN old.text NOT GLOB '/search*' AND old.id NOT GLOB 'reply:*' BEGIN
    INSERT INTO messages_words (messages_words, rowid, text) VALUES ('delete', old.seq, old.text);
END;

CREATE TRIGGER messages_words_changed AFTER UPDATE OF seq, text ON messages BEGIN
    INSERT INTO messages_words (messages_words, rowid, text) SELECT 'delete', old.seq, old.text
        WHERE old.text NOT GLOB '/search*' AND old.id NOT GLOB 'reply:*';
    INSERT INTO messages_words (rowid, text) SELECT new.seq, new.text
        WHERE new.text NOT GLOB '/search*' AND new.id NOT GLOB 'reply:*';
END;

-- The words of the channel's state: a row for each version of an entry (its value in chunks), each
-- line of a log, each element of a set. With commit_no 0: the name alone, of a counter or a file,
-- which would be the same in every version. Which of them a snapshot has is asked of the state.
CREATE TABLE state_texts (
    id        INTEGER PRIMARY KEY,
    entry     INTEGER NOT NULL,
    commit_no INTEGER NOT NULL,             -- of the version; of a line or element, its write's
    operation INTEGER,                      -- the line or element; NULL: a version
    line      INTEGER NOT NULL,             -- the number of its first line within the whole, from 1
    text      TEXT NOT NULL
) STRICT;
CREATE INDEX state_texts_entry ON state_texts (entry, commit_no);
CREATE INDEX state_texts_operation ON state_texts (operation) WHERE operation IS NOT NULL;

CREATE VIEW state_indexed AS
SELECT t.id AS id, e.key AS key, t.text AS text
FROM state_texts AS t JOIN entries AS e ON e.id = t.entry;

CREATE VIRTUAL TABLE state_words USING fts5 (
    key,
    text,
    content = 'state_indexed',
    content_rowid = 'id',
    prefix = '2 3 4 5',
    tokenize = 'unicode61 remove_diacritics 2'
);

-- The words of workspace files: each content once, whatever it is called and however often.
CREATE TABLE contents (
    id      INTEGER PRIMARY KEY,
    sha256  TEXT NOT NULL UNIQUE,
    skipped TEXT                            -- why nothing of it is indexed
) STRICT;

-- The versions of files that have the content.
CREATE TABLE content_places (
    content   INTEGER NOT NULL,
    entry     INTEGER NOT NULL,
    commit_no INTEGER NOT NULL,
    PRIMARY KEY (content, entry, commit_no)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX content_places_version ON content_places (entry, commit_no);

CREATE TABLE content_chunks (
    id      INTEGER PRIMARY KEY,
    content INTEGER NOT NULL,
    line    INTEGER NOT NULL,
    text    TEXT NOT NULL
) STRICT;
CREATE INDEX content_chunks_content ON content_chunks (content, id);

CREATE VIRTUAL TABLE content_words USING fts5 (
    text,
    content = 'content_chunks',
    content_rowid = 'id',
    tokenize = 'unicode61 remove_diacritics 2'
);

-- How far versions are indexed, in the order of (commit_no, entry): all before this one, and of it
-- the parts up to `part`.
CREATE TABLE indexed (
    one       INTEGER PRIMARY KEY CHECK (one = 1),
    commit_no INTEGER NOT NULL,
    entry     INTEGER NOT NULL,
    part      INTEGER NOT NULL
) STRICT;
INSERT INTO indexed VALUES (1, 0, 0, 0);
CREATE INDEX versions_commit ON versions (commit_no);

-- What goes from the state goes from the index, whoever removes it.
CREATE TRIGGER versions_unindexed AFTER DELETE ON versions BEGIN
    DELETE FROM state_texts
    WHERE entry = old.entry AND commit_no = old.commit_no AND operation IS NULL;
    DELETE FROM content_places WHERE entry = old.entry AND commit_no = old.commit_no;
END;

CREATE TRIGGER operations_unindexed AFTER DELETE ON operations BEGIN
    DELETE FROM state_texts WHERE operation = old.id;
END;

-- Before: the key is still needed to take its words out.
CREATE TRIGGER entries_unindexed BEFORE DELETE ON entries BEGIN
    DELETE FROM state_texts WHERE entry = old.id;
END;

CREATE TRIGGER entries_renamed BEFORE UPDATE OF id, key ON entries BEGIN
    DELETE FROM state_texts WHERE entry = old.id;
END;

CREATE TRIGGER blobs_unindexed AFTER DELETE ON blobs WHEN old.piece = 0 BEGIN
    DELETE FROM contents WHERE sha256 = old.sha256;
END;

CREATE TRIGGER contents_out AFTER DELETE ON contents BEGIN
    DELETE FROM content_chunks WHERE content = old.id;
    DELETE FROM content_places WHERE content = old.id;
END;

CREATE TRIGGER state_texts_out AFTER DELETE ON state_texts BEGIN
    INSERT INTO state_words (state_words, rowid, key, text)
    SELECT 'delete', old.id, key, old.text FROM entries WHERE id = old.entry;
END;

CREATE TRIGGER content_chunks_out AFTER DELETE ON content_chunks BEGIN
    INSERT INTO content_words (content_words, rowid, text) VALUES ('delete', old.id, old.text);
END;
