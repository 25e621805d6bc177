-- Times are microseconds since the epoch, UTC. `schema` is the version a row was written under.

CREATE TABLE scopes (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    agent TEXT NOT NULL,
    channel TEXT NOT NULL,
    account TEXT NOT NULL,
    chat TEXT NOT NULL,
    sender TEXT NOT NULL,
    chat_type TEXT NOT NULL,
    UNIQUE (agent, channel, account, chat, sender, chat_type)
);

-- A session name alone is no boundary: two people's chats can share it. Neighbours never cross a chat.
CREATE TABLE sessions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    agent TEXT NOT NULL,
    channel TEXT NOT NULL,
    account TEXT NOT NULL,
    chat TEXT NOT NULL,
    UNIQUE (name, agent, channel, account, chat)
);

CREATE TABLE speakers (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE
);

CREATE TABLE memories (
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    schema INTEGER NOT NULL DEFAULT 1,
    id TEXT NOT NULL UNIQUE,
    turn TEXT NOT NULL,
    part INTEGER NOT NULL,
    key TEXT NOT NULL UNIQUE,
    scope INTEGER NOT NULL REFERENCES scopes (id),
    session INTEGER REFERENCES sessions (id),
    speaker INTEGER REFERENCES speakers (id),
    provenance TEXT NOT NULL,
    source_ref TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL,
    importance REAL NOT NULL,
    pinned INTEGER NOT NULL,
    superseded_by TEXT NOT NULL DEFAULT '',
    duplicate_of TEXT NOT NULL DEFAULT '',
    checksum BLOB NOT NULL,
    terms BLOB NOT NULL,
    stems TEXT NOT NULL,
    text TEXT NOT NULL
);
-- Keys of forgotten turns that OpenClaw may send again; a key is a hash and tells no words.
CREATE TABLE forgotten (
    key TEXT PRIMARY KEY
) WITHOUT ROWID;

CREATE INDEX memories_turn ON memories (turn);
CREATE INDEX memories_scope ON memories (scope);
CREATE INDEX memories_session ON memories (session);
CREATE INDEX memories_speaker ON memories (speaker);
CREATE INDEX memories_superseded ON memories (superseded_by) WHERE superseded_by <> '';
CREATE INDEX memories_duplicate ON memories (duplicate_of) WHERE duplicate_of <> '';

-- Stems come normalised: this tokenizer only cuts at spaces. Ranking needs neither positions nor sizes.
CREATE VIRTUAL TABLE words USING fts5 (
    stems, content = 'memories', content_rowid = 'n', detail = none, columnsize = 0,
    tokenize = "ascii tokenchars '!""#$%&''()*+,-./:;<=>?@[\]^_`{|}~'"
);

-- fts5vocab counts by reading every posting; these counts are one lookup each.
CREATE TABLE vocabulary (
    stem TEXT PRIMARY KEY,
    memories INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE models (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    dimensions INTEGER NOT NULL,
    complete_to INTEGER NOT NULL DEFAULT 0
);

-- slot = model << 40 | n: an integer key keeps blobs in the leaf, where 768 dimensions still fit.
CREATE TABLE vectors (
    slot INTEGER PRIMARY KEY,
    v BLOB NOT NULL
);

CREATE TABLE changes (
    generation INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    model INTEGER NOT NULL DEFAULT 0,
    at INTEGER NOT NULL
);

CREATE TABLE records (
    collection TEXT NOT NULL,
    key TEXT NOT NULL,
    schema INTEGER NOT NULL DEFAULT 1,
    value TEXT NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (collection, key)
) WITHOUT ROWID;

CREATE TABLE events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    schema INTEGER NOT NULL DEFAULT 1,
    kind TEXT NOT NULL,
    at INTEGER NOT NULL,
    payload TEXT NOT NULL
);

CREATE TABLE consumers (
    name TEXT PRIMARY KEY,
    seq INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE jobs (
    id TEXT PRIMARY KEY,
    schema INTEGER NOT NULL DEFAULT 1,
    kind TEXT NOT NULL,
    key TEXT NOT NULL UNIQUE,
    payload TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'leased', 'done', 'failed')),
    due INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    error TEXT NOT NULL DEFAULT '',
    created_at INTEGER NOT NULL,
    ended_at INTEGER
);
CREATE INDEX jobs_due ON jobs (due) WHERE state IN ('queued', 'leased');

CREATE TABLE audit (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    schema INTEGER NOT NULL DEFAULT 1,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    operation TEXT NOT NULL,
    subject TEXT NOT NULL,
    details TEXT NOT NULL
);
