-- What the service can give again. The key is the time and a part of the id, so that a page is read in one run.
CREATE TABLE records (
    key            INTEGER PRIMARY KEY,
    record_id      TEXT NOT NULL UNIQUE,
    seq            INTEGER NOT NULL,
    kind           TEXT NOT NULL,
    state          TEXT NOT NULL,
    payee_name     TEXT NOT NULL,
    minor          INTEGER NOT NULL,
    fee_minor      INTEGER NOT NULL,
    currency       TEXT NOT NULL,
    route          TEXT NOT NULL,
    merchant_order TEXT,
    our_order      TEXT NOT NULL,
    acquirer_order TEXT,
    intent_id      TEXT,
    token_id       TEXT,
    original       TEXT,
    at             INTEGER NOT NULL,
    updated_at     INTEGER NOT NULL
) STRICT;
CREATE INDEX records_by_intent ON records (intent_id) WHERE intent_id IS NOT NULL;

-- Beside the list, so that a page of it reads few pages of the file.
CREATE TABLE documents (
    key     INTEGER PRIMARY KEY,
    receipt BLOB NOT NULL
) STRICT;

CREATE TABLE months (
    month    INTEGER PRIMARY KEY,
    spent    INTEGER NOT NULL,
    received INTEGER NOT NULL,
    count    INTEGER NOT NULL
) STRICT;

CREATE TABLE synced (
    one       INTEGER PRIMARY KEY CHECK (one = 1),
    low       INTEGER NOT NULL,
    low_prev  BLOB NOT NULL,
    high      INTEGER NOT NULL,
    high_hash BLOB NOT NULL,
    at        INTEGER NOT NULL
) STRICT;

CREATE TABLE snapshots (
    name TEXT PRIMARY KEY,
    body TEXT NOT NULL,
    at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
