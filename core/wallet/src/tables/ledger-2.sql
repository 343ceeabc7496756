-- Facts that the service signs and changes without a release of the app: the newest document of each feed that was taken up.
CREATE TABLE feeds (
    name      TEXT PRIMARY KEY,
    version   INTEGER NOT NULL,
    issued_at INTEGER NOT NULL,
    stored_at INTEGER NOT NULL,
    document  BLOB NOT NULL
) STRICT;

-- This phone is taking the place of an earlier one; gone when it has, or when another number is chosen.
CREATE TABLE replacement (
    one            INTEGER PRIMARY KEY CHECK (one = 1),
    replacement_id TEXT NOT NULL,
    phone          TEXT NOT NULL,
    device_model   TEXT NOT NULL,
    state          TEXT NOT NULL,
    resend_at      INTEGER,
    account_id     TEXT,
    needs_person   INTEGER NOT NULL DEFAULT 0,
    needs_pin      INTEGER NOT NULL DEFAULT 0,
    proof_id       TEXT
) STRICT;

-- The account's number is being changed on this phone; gone when it is, or when it was given up.
CREATE TABLE phone_change (
    one           INTEGER PRIMARY KEY CHECK (one = 1),
    change_id     TEXT NOT NULL,
    phone         TEXT NOT NULL,
    old_reachable INTEGER NOT NULL,
    state         TEXT NOT NULL,
    resend_at     INTEGER,
    needs_person  INTEGER NOT NULL DEFAULT 0,
    needs_pin     INTEGER NOT NULL DEFAULT 0,
    proof_id      TEXT
) STRICT;

-- A new PIN in the place of one that was forgotten or locked; gone when it counts, or when it was given up.
CREATE TABLE pin_reset (
    one          INTEGER PRIMARY KEY CHECK (one = 1),
    reset_id     TEXT NOT NULL,
    state        TEXT NOT NULL,
    resend_at    INTEGER,
    needs_person INTEGER NOT NULL DEFAULT 1,
    proof_id     TEXT
) STRICT;

-- A later real-name check of a verified person, while it is under way or after it was rejected.
CREATE TABLE recheck (
    one             INTEGER PRIMARY KEY CHECK (one = 1),
    verification_id TEXT NOT NULL,
    state           TEXT NOT NULL,
    code            TEXT,
    retriable       INTEGER NOT NULL DEFAULT 0
) STRICT;

-- This phone is being signed in beside the account's others; gone when it is, or when another number is chosen.
CREATE TABLE sign_in (
    one            INTEGER PRIMARY KEY CHECK (one = 1),
    sign_in_id     TEXT NOT NULL,
    phone          TEXT NOT NULL,
    device_model   TEXT NOT NULL,
    form           TEXT NOT NULL,
    state          TEXT NOT NULL,
    account_id     TEXT,
    needs_password INTEGER NOT NULL DEFAULT 0,
    needs_pin      INTEGER NOT NULL DEFAULT 0,
    needs_factor   INTEGER NOT NULL DEFAULT 0,
    proof_id       TEXT
) STRICT;

-- What this device is and has, as the app says it; `told_to` is the device of the account that the service knows it of.
CREATE TABLE device_report (
    one          INTEGER PRIMARY KEY CHECK (one = 1),
    form         TEXT NOT NULL,
    capabilities TEXT NOT NULL,
    at           INTEGER NOT NULL,
    told_to      TEXT
) STRICT;

-- Payments that were made in the place of another one: the same thing from another source.
CREATE TABLE intent_links (
    intent_id  TEXT PRIMARY KEY,
    instead_of TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- The consent of each document that counts for the next step that needs it. Without a version: under way.
CREATE TABLE standing_consents (
    document   TEXT PRIMARY KEY,
    consent_id TEXT NOT NULL,
    version    TEXT
) STRICT, WITHOUT ROWID;
INSERT INTO standing_consents SELECT 'real_name', consent_id, consent_version FROM account WHERE consent_id IS NOT NULL;
UPDATE account SET consent_id = NULL, consent_version = NULL;

-- SHA-256 of the text that was shown when the consent was given.
CREATE TABLE consent_texts (
    consent_id TEXT PRIMARY KEY,
    digest     TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Consents that the person withdrew: in force on this phone at once, told to the service when it can be reached.
CREATE TABLE withdrawals (
    consent_id TEXT PRIMARY KEY,
    at         INTEGER NOT NULL,
    told_at    INTEGER
) STRICT, WITHOUT ROWID;

-- The epoch of the service that last answered for good about a payment's proof; lower than its epoch: presented anew.
ALTER TABLE intents ADD COLUMN known_epoch INTEGER NOT NULL DEFAULT 0;
CREATE INDEX intents_by_known_epoch ON intents (known_epoch) WHERE proof IS NOT NULL;

-- What the person asked merchants to give back, stored before it was sent: a service that forgot it is asked again.
CREATE TABLE refund_asks (
    ask_id    TEXT PRIMARY KEY,
    record_id TEXT NOT NULL,
    other_id  TEXT,
    minor     INTEGER NOT NULL,
    reason    TEXT NOT NULL,
    state     TEXT NOT NULL,
    code      TEXT,
    at        INTEGER NOT NULL,
    body      TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Payments that the person confirmed knowing that the same was paid minutes before.
CREATE TABLE meant_repeats (
    intent_id TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;

-- Transfers to persons that were asked about or called back: the wish that has no answer yet, and what the service said last.
CREATE TABLE transfers (
    intent_id  TEXT PRIMARY KEY,
    wish_at    INTEGER,
    state      TEXT,
    record_id  TEXT,
    payee_name TEXT,
    minor      INTEGER,
    currency   TEXT,
    arrives_at INTEGER
) STRICT, WITHOUT ROWID;
