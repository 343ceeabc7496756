-- What the phone must not lose: its account, its payments and their proofs, its payer codes.
-- Every column has a line in docs/data.md.
CREATE TABLE events (
    seq     INTEGER PRIMARY KEY,
    at      INTEGER NOT NULL,
    kind    TEXT NOT NULL,
    subject TEXT NOT NULL,
    body    BLOB NOT NULL,
    mac     BLOB NOT NULL
) STRICT;

CREATE TABLE account (
    one                    INTEGER PRIMARY KEY CHECK (one = 1),
    registration_id        TEXT,
    phone                  TEXT,
    device_model           TEXT,
    resend_at              INTEGER,
    account_id             TEXT,
    device_id              TEXT,
    pin_set                INTEGER NOT NULL DEFAULT 0,
    sheet_set              INTEGER NOT NULL DEFAULT 0,
    consent_id             TEXT,
    consent_version        TEXT,
    verification_id        TEXT,
    verification_state     TEXT,
    verification_code      TEXT,
    verification_retriable INTEGER NOT NULL DEFAULT 0,
    class                  INTEGER NOT NULL DEFAULT 0,
    name_masked            TEXT,
    id_masked              TEXT
) STRICT;

CREATE TABLE consents (
    consent_id TEXT PRIMARY KEY,
    document   TEXT NOT NULL,
    version    TEXT NOT NULL,
    at         INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE bindings (
    binding_id TEXT PRIMARY KEY,
    state      TEXT NOT NULL,
    last4      TEXT,
    bank       TEXT,
    brand      TEXT,
    card_id    TEXT,
    code       TEXT,
    at         INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- In the order of creation, so that a new payment touches one page here; the request lies in the row for the same reason.
CREATE TABLE intents (
    number        INTEGER PRIMARY KEY,
    intent_id     TEXT NOT NULL UNIQUE,
    kind          TEXT NOT NULL,
    payee_key     TEXT NOT NULL,
    payee_name    TEXT,
    minor         INTEGER NOT NULL,
    fee_minor     INTEGER NOT NULL,
    currency      TEXT NOT NULL,
    terms         BLOB NOT NULL,
    state         TEXT NOT NULL,
    event         INTEGER NOT NULL,
    epoch         INTEGER NOT NULL,
    attempts      INTEGER NOT NULL,
    dispatched    INTEGER NOT NULL DEFAULT 0,
    abandon_asked INTEGER NOT NULL DEFAULT 0,
    code          TEXT,
    attempts_left INTEGER,
    record_id     TEXT,
    timeline      TEXT,
    created_at    INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL,
    proof         BLOB,
    request       BLOB NOT NULL
) STRICT;
CREATE INDEX intents_open ON intents (payee_key) WHERE state NOT IN ('succeeded', 'failed');

CREATE TABLE code_batches (
    batch_id TEXT PRIMARY KEY,
    state    TEXT NOT NULL,
    at       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE code_tokens (
    token_id      TEXT PRIMARY KEY,
    batch_id      TEXT NOT NULL,
    prefix        TEXT NOT NULL,
    key           BLOB NOT NULL,
    not_after     INTEGER NOT NULL,
    cap           INTEGER NOT NULL,
    cap_untrusted INTEGER NOT NULL,
    state         TEXT NOT NULL,
    shown_at      INTEGER,
    record_id     TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE receipts (
    record_id TEXT PRIMARY KEY,
    intent_id TEXT,
    token_id  TEXT,
    at        INTEGER NOT NULL,
    document  BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE marks (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
