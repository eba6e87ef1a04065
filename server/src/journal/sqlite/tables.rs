//! The tables, and what formats before this one lack of them.

/// The tables of the second format.
pub(super) const SCHEMA: &str = "
CREATE TABLE entry (
    place INTEGER PRIMARY KEY,
    log INTEGER NOT NULL,
    sender INTEGER NOT NULL,
    id TEXT NOT NULL,
    author TEXT,
    receiver TEXT,
    at INTEGER NOT NULL,
    kind TEXT,
    re INTEGER,
    msg TEXT,
    sum INTEGER
) STRICT;
CREATE UNIQUE INDEX entry_id ON entry (sender, id, log);
CREATE TABLE log (
    log INTEGER PRIMARY KEY,
    room TEXT UNIQUE,
    epoch TEXT NOT NULL,
    first INTEGER NOT NULL DEFAULT 1,
    indexed INTEGER NOT NULL DEFAULT 0,
    topic TEXT NOT NULL DEFAULT '',
    sum INTEGER
) STRICT;
CREATE TABLE account (
    person INTEGER PRIMARY KEY,
    nickname TEXT NOT NULL UNIQUE,
    key BLOB NOT NULL,
    inbox INTEGER NOT NULL REFERENCES log,
    holding INTEGER NOT NULL DEFAULT 0,
    until INTEGER,
    sum INTEGER
) STRICT;
CREATE TABLE hold (person INTEGER, log INTEGER, since INTEGER NOT NULL, PRIMARY KEY (person, log)) STRICT, WITHOUT ROWID;
CREATE TABLE mark (person INTEGER, log INTEGER, seq INTEGER NOT NULL, PRIMARY KEY (person, log)) STRICT, WITHOUT ROWID;
CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE VIRTUAL TABLE found USING fts5 (msg, content='', contentless_delete=1, tokenize='unicode61 remove_diacritics 0');
";

/// What the first format lacks. Its rows have no checksums, and are taken as they are.
pub(super) const FROM_1: &str = "
ALTER TABLE entry ADD COLUMN sum INTEGER;
ALTER TABLE log ADD COLUMN sum INTEGER;
ALTER TABLE account ADD COLUMN sum INTEGER;
";

/// What the first two lack: who may do what, who may not, who was let in by what.
pub(super) const FROM_2: &str = "
ALTER TABLE account ADD COLUMN seen INTEGER;
CREATE TABLE sanction (
    scope INTEGER,
    kind TEXT,
    subject TEXT,
    until INTEGER,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    reason TEXT NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (scope, kind, subject)
) STRICT, WITHOUT ROWID;
CREATE TABLE room_rule (
    log INTEGER PRIMARY KEY,
    slow_s INTEGER NOT NULL DEFAULT 0,
    locked INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE role (log INTEGER, person INTEGER, role TEXT NOT NULL, PRIMARY KEY (log, person)) STRICT, WITHOUT ROWID;
CREATE TABLE operator (key BLOB PRIMARY KEY) STRICT, WITHOUT ROWID;
CREATE TABLE invite (
    hash BLOB PRIMARY KEY,
    room TEXT,
    until INTEGER,
    uses INTEGER,
    note TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE place (hash BLOB PRIMARY KEY, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE gone_id (
    sender INTEGER,
    id TEXT,
    log INTEGER,
    place INTEGER NOT NULL,
    at INTEGER NOT NULL,
    gone INTEGER NOT NULL,
    PRIMARY KEY (sender, id, log)
) STRICT, WITHOUT ROWID;
CREATE TABLE moderation_log (
    n INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    room TEXT,
    target TEXT NOT NULL,
    act TEXT NOT NULL
) STRICT;
CREATE TRIGGER moderation_log_stays BEFORE DELETE ON moderation_log BEGIN SELECT raise(ABORT, 'it is only added to'); END;
CREATE TRIGGER moderation_log_keeps BEFORE UPDATE ON moderation_log BEGIN SELECT raise(ABORT, 'it is only added to'); END;
";
