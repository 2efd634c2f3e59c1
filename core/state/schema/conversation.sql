-- What people said, what was promised and what was answered.

-- Whose file this is: long names are not in the file's own.
CREATE TABLE channel (
    one       INTEGER PRIMARY KEY CHECK (one = 1),
    platform  TEXT NOT NULL,
    workspace TEXT NOT NULL,
    channel   TEXT NOT NULL
) STRICT;

CREATE TABLE inbox (
    id       TEXT PRIMARY KEY,              -- "message:<platform id>", "press:<id>", "edit:<id>", "deletion:<id>"
    thread   TEXT NOT NULL,
    payload  TEXT NOT NULL,                 -- the event as JSON, '' once it is answered
    at       REAL NOT NULL,
    done     INTEGER NOT NULL DEFAULT 0     -- states: owed, answered
) STRICT;
CREATE INDEX inbox_open ON inbox (done) WHERE done = 0;    -- in rowid order

CREATE TABLE messages (
    seq       INTEGER PRIMARY KEY AUTOINCREMENT,
    id        TEXT NOT NULL UNIQUE,
    thread    TEXT NOT NULL,
    author_id TEXT NOT NULL,                -- '' for the bot
    author    TEXT NOT NULL,
    text      TEXT NOT NULL,
    at        REAL NOT NULL,
    post      TEXT,                         -- the bot's own: the post as JSON, without its text
    files     TEXT,                         -- a person's: what came with it, as JSON
    revised_at REAL                         -- of its newest edit, by the platform's clock
) STRICT;
CREATE INDEX messages_thread ON messages (thread, seq);

-- What a list of threads shows, without counting the messages of all of them.
CREATE TABLE threads (
    thread   TEXT PRIMARY KEY,
    first    INTEGER NOT NULL,              -- seq of its first message
    last     INTEGER NOT NULL,
    messages INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX threads_last ON threads (last);

CREATE TRIGGER messages_threads AFTER INSERT ON messages BEGIN
    INSERT INTO threads VALUES (new.thread, new.seq, new.seq, 1)
    ON CONFLICT DO UPDATE SET last = excluded.last, messages = messages + 1;
END;

CREATE TRIGGER messages_threads_out AFTER DELETE ON messages BEGIN
    DELETE FROM threads WHERE thread = old.thread AND messages = 1;
    UPDATE threads SET messages = messages - 1,
        first = (SELECT min(seq) FROM messages WHERE thread = old.thread),
        last = (SELECT max(seq) FROM messages WHERE thread = old.thread)
    WHERE thread = old.thread;
END;

-- What stands for the oldest messages of a long thread, where its turns are shown no more of them.
CREATE TABLE summaries (
    thread   TEXT PRIMARY KEY,
    upto     INTEGER NOT NULL DEFAULT 0,    -- seq of the newest message that it stands for; 0: of none
    messages INTEGER NOT NULL DEFAULT 0,
    text     TEXT NOT NULL DEFAULT '',
    tried    INTEGER NOT NULL DEFAULT 0     -- newest seq when one was paid for that was no use
) STRICT, WITHOUT ROWID;

-- Whoever changes, deletes or forgets a message, and however: what was made of it goes too.
CREATE TRIGGER summaries_changed AFTER UPDATE OF text, author, files ON messages
WHEN (old.text, old.author, old.files) IS NOT (new.text, new.author, new.files) BEGIN
    DELETE FROM summaries WHERE thread = old.thread AND upto >= old.seq;
END;
CREATE TRIGGER summaries_out AFTER DELETE ON messages BEGIN
    DELETE FROM summaries WHERE thread = old.thread AND upto >= old.seq;
END;

CREATE TABLE turns (
    id         TEXT PRIMARY KEY,
    message    TEXT NOT NULL,
    thread     TEXT NOT NULL,
    base       INTEGER NOT NULL,            -- head commit when it started
    base_message INTEGER NOT NULL,          -- newest message it was shown
    state      TEXT NOT NULL,               -- states: running, ended
    started_at REAL NOT NULL
) STRICT;
CREATE INDEX turns_message ON turns (message);
CREATE INDEX turns_running ON turns (thread) WHERE state = 'running';

CREATE TABLE turn_steps (
    turn     TEXT NOT NULL REFERENCES turns (id),
    number   INTEGER NOT NULL,
    kind     TEXT NOT NULL,                 -- model, tool
    request  TEXT NOT NULL,
    response TEXT NOT NULL,
    operation TEXT,                         -- what a tool call wants changed, merged at the end
    PRIMARY KEY (turn, number)
) STRICT;

CREATE TABLE jobs (
    number         INTEGER PRIMARY KEY AUTOINCREMENT,   -- none is given twice, whatever is forgotten
    id             TEXT NOT NULL UNIQUE,
    thread         TEXT NOT NULL,
    title          TEXT NOT NULL,
    brief          TEXT NOT NULL,
    requester_id   TEXT NOT NULL,
    requester      TEXT NOT NULL,
    message        TEXT NOT NULL,           -- inbox id of what asked for it
    state          TEXT NOT NULL,
    base_commit    INTEGER NOT NULL,
    base_message   INTEGER NOT NULL,
    rules_revision INTEGER NOT NULL,
    attempt        INTEGER NOT NULL DEFAULT 0,
    budget_tokens  INTEGER,
    budget_nanos   INTEGER,
    again          INTEGER,                 -- the job whose brief it runs again
    wish           TEXT NOT NULL DEFAULT '',    -- equal for what asks for the same; '': not joined
    derived        INTEGER NOT NULL DEFAULT 0,  -- 1: its brief may come of what others wrote
    stop_by        TEXT,                    -- who asked to stop it, as soon as asked
    created_at     REAL NOT NULL,
    started_at     REAL,
    ended_at       REAL,
    step           TEXT NOT NULL DEFAULT '',
    steps          INTEGER NOT NULL DEFAULT 0,
    tokens         INTEGER NOT NULL DEFAULT 0,
    cost           INTEGER NOT NULL DEFAULT 0,  -- nanodollars
    version        INTEGER NOT NULL DEFAULT 0,
    outcome        TEXT                     -- JSON, once ended
) STRICT;
CREATE INDEX jobs_open ON jobs (state) WHERE state != 'ended';
CREATE INDEX jobs_wish ON jobs (wish) WHERE state != 'ended';
CREATE INDEX jobs_message ON jobs (message);
CREATE INDEX jobs_again ON jobs (again) WHERE again IS NOT NULL;

CREATE TABLE steering (
    seq  INTEGER PRIMARY KEY AUTOINCREMENT,
    id   TEXT NOT NULL UNIQUE,
    job  INTEGER NOT NULL REFERENCES jobs (number),
    by   TEXT NOT NULL,
    text TEXT NOT NULL,
    at   REAL NOT NULL
) STRICT;
CREATE INDEX steering_job ON steering (job, seq);

-- Who asked for what a job did already, and is told of its end.
CREATE TABLE watchers (
    job       INTEGER NOT NULL REFERENCES jobs (number),
    person_id TEXT NOT NULL,
    person    TEXT NOT NULL,
    thread    TEXT NOT NULL,
    message   TEXT NOT NULL,                -- inbox id of what asked for it
    reply_to  TEXT NOT NULL,                -- the same message's own id
    left      INTEGER NOT NULL DEFAULT 0,   -- 1: wants to hear no more of it
    PRIMARY KEY (job, person_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX watchers_message ON watchers (message);

-- What jobs ask people; rows go when their job ends.
CREATE TABLE questions (
    job        INTEGER NOT NULL REFERENCES jobs (number),
    number     INTEGER NOT NULL,            -- counts in the job, from 1
    call       TEXT NOT NULL,               -- the model's call that the answer answers
    text       TEXT NOT NULL,
    choices    TEXT NOT NULL,               -- JSON
    expires_at REAL NOT NULL,
    answer     TEXT,                        -- NULL: none yet; with ended_at: nobody answered
    by         TEXT NOT NULL DEFAULT '',
    ended_at   REAL,
    digest     TEXT NOT NULL DEFAULT '',    -- of what a job wants to do and may not unasked
    tool       TEXT NOT NULL DEFAULT '',    -- by which tool
    reason     TEXT NOT NULL DEFAULT '',    -- why it may not
    decision   TEXT,                        -- once, job, always, no; NULL: none yet, or nobody's
    PRIMARY KEY (job, number),
    UNIQUE (job, call, digest)
) STRICT, WITHOUT ROWID;

-- What jobs may do unasked from now on, because somebody with the right said so.
CREATE TABLE approvals (
    number       INTEGER PRIMARY KEY AUTOINCREMENT,
    digest       TEXT NOT NULL,
    tool         TEXT NOT NULL,
    text         TEXT NOT NULL,
    job          INTEGER NOT NULL,          -- which asked
    by_id        TEXT NOT NULL,
    by           TEXT NOT NULL,
    at           REAL NOT NULL,
    withdrawn_by TEXT,
    withdrawn_at REAL
) STRICT;
CREATE INDEX approvals_digest ON approvals (digest) WHERE withdrawn_at IS NULL;

-- Messages whose many jobs stay promised until somebody agrees.
CREATE TABLE plans (
    number     INTEGER PRIMARY KEY AUTOINCREMENT,
    message    TEXT NOT NULL UNIQUE,        -- inbox id
    person     TEXT NOT NULL,               -- the id of who asked
    expires_at REAL NOT NULL,
    state      TEXT NOT NULL                -- waiting, started, dropped
) STRICT;

CREATE TABLE settings (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL,                    -- JSON
    by    TEXT NOT NULL,
    at    REAL NOT NULL
) STRICT;

-- What is still to be shown, or was refused; what was shown has no row any more.
CREATE TABLE outbox (
    seq      INTEGER PRIMARY KEY AUTOINCREMENT,
    id       TEXT NOT NULL UNIQUE,          -- the item's id; a newer card replaces an unsent one
    thread   TEXT NOT NULL,
    payload  TEXT NOT NULL,
    state    TEXT NOT NULL,                 -- states: waiting, refused
    version  INTEGER NOT NULL DEFAULT 0,    -- counts replacements, so that none is taken for sent
    attempts INTEGER NOT NULL DEFAULT 0,
    error    TEXT
) STRICT;
CREATE INDEX outbox_waiting ON outbox (thread, seq) WHERE state = 'waiting';

-- Which messages of the platform show an item (a post, a card, or what an adapter keeps for itself).
CREATE TABLE places (
    item    TEXT NOT NULL,
    part    INTEGER NOT NULL,
    message TEXT NOT NULL,
    at      REAL NOT NULL,                  -- when it was kept
    PRIMARY KEY (item, part)
) STRICT, WITHOUT ROWID;
CREATE INDEX places_message ON places (message);

-- What people want forgotten.
CREATE TABLE forgettings (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    thread TEXT NOT NULL,
    what   TEXT NOT NULL,                   -- person, key, channel
    name   TEXT NOT NULL,                   -- the person's id; the key, or its beginning and *
    shown  TEXT NOT NULL,                   -- what was said would go
    upto   INTEGER NOT NULL,                -- the newest message when it was asked for
    by     TEXT NOT NULL,
    state  TEXT NOT NULL,                   -- asked, going, wiping, done
    traces TEXT NOT NULL DEFAULT ''         -- JSON, while it goes: what to look for
) STRICT;
CREATE INDEX forgettings_going ON forgettings (state) WHERE state IN ('going', 'wiping');
