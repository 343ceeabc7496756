-- Where each export went; one that was cut short is found by it and removed.
CREATE TABLE exports (
    export_id TEXT PRIMARY KEY,
    folder    TEXT NOT NULL,
    state     TEXT NOT NULL,
    at        INTEGER NOT NULL,
    ended_at  INTEGER,
    files     INTEGER,
    bytes     INTEGER
) STRICT, WITHOUT ROWID;

-- Repeats that are meant: two payments (`pair`), or everything of a merchant (`payee`), as a bus.
CREATE TABLE repeats (
    kind TEXT NOT NULL,
    key  TEXT NOT NULL,
    at   INTEGER NOT NULL,
    PRIMARY KEY (kind, key)
) STRICT, WITHOUT ROWID;
