-- Beside the words of a source folder that asks for it: every three characters in a row, so that
-- any part of a word is found, and signs too.

CREATE VIRTUAL TABLE parts USING fts5 (
    path,
    text,
    content = 'indexed',
    content_rowid = 'id',
    tokenize = 'trigram'
);
INSERT INTO parts (parts, rank) VALUES ('hashsize', 6000000);
