-- Facts that the service signs and changes without a release of the app: the newest document of each feed that was taken up.
CREATE TABLE feeds (
    name      TEXT PRIMARY KEY,
    version   INTEGER NOT NULL,
    issued_at INTEGER NOT NULL,
    stored_at INTEGER NOT NULL,
    document  BLOB NOT NULL
) STRICT;
