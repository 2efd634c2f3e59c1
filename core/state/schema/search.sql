-- The words of the channel's messages. Triggers keep the index in the transaction of the message
-- itself, whoever writes it. The text stays in messages alone. Beginnings of two and three letters
-- are indexed, because they match too many words to be gathered at query time.

CREATE VIRTUAL TABLE messages_words USING fts5 (
    text,
    content = 'messages',
    content_rowid = 'seq',
    prefix = '2 3',
    tokenize = 'unicode61 remove_diacritics 2'
);

CREATE TRIGGER messages_words_in AFTER INSERT ON messages BEGIN
    INSERT INTO messages_words (rowid, text) VALUES (new.seq, new.text);
END;

CREATE TRIGGER messages_words_out AFTER DELETE ON messages BEGIN
    INSERT INTO messages_words (messages_words, rowid, text) VALUES ('delete', old.seq, old.text);
END;

CREATE TRIGGER messages_words_changed AFTER UPDATE OF seq, text ON messages BEGIN
    INSERT INTO messages_words (messages_words, rowid, text) VALUES ('delete', old.seq, old.text);
    INSERT INTO messages_words (rowid, text) VALUES (new.seq, new.text);
END;
