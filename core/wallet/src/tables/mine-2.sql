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
