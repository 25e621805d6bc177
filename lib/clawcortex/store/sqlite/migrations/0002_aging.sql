-- How memories age: until when a fact held, and how often a memory was recalled.

ALTER TABLE memories ADD COLUMN valid_to INTEGER;

-- Beside the memories: counting a recall must not rewrite a row or move the generation.
CREATE TABLE recalls (
    n INTEGER PRIMARY KEY,
    times INTEGER NOT NULL,
    last_at INTEGER NOT NULL
);

CREATE INDEX events_at ON events (at);
