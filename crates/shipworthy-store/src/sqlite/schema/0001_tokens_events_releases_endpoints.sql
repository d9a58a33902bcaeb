-- Times are microseconds since the Unix epoch.

CREATE TABLE tokens (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL CHECK (name <> ''),
    role TEXT NOT NULL CHECK (role IN ('caller', 'operator', 'approver', 'auditor')),
    secret_sha256 BLOB NOT NULL UNIQUE CHECK (length(secret_sha256) = 32),
    created_at_us INTEGER NOT NULL,
    revoked_at_us INTEGER
) STRICT;

CREATE UNIQUE INDEX tokens_live_name ON tokens (name) WHERE revoked_at_us IS NULL;
-- Whether an actor exists is asked of the revoked ones too.
CREATE INDEX tokens_name ON tokens (name);

CREATE TABLE events (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at_us INTEGER NOT NULL,
    actor TEXT NOT NULL CHECK (actor <> ''),
    reason TEXT NOT NULL CHECK (reason <> ''),
    kind TEXT NOT NULL CHECK (kind <> ''),
    subject TEXT NOT NULL CHECK (subject <> ''),
    body TEXT NOT NULL CHECK (json_valid(body))
) STRICT;

CREATE TRIGGER events_are_never_changed BEFORE UPDATE ON events
BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
CREATE TRIGGER events_are_never_removed BEFORE DELETE ON events
BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
-- INSERT OR REPLACE removes the old row without firing the trigger above.
CREATE TRIGGER events_are_never_replaced BEFORE INSERT ON events
WHEN EXISTS (SELECT 1 FROM events WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;

-- seq is the order of arrival: times may go back.
CREATE TABLE releases (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE CHECK (id GLOB 'sha256:*' AND length(id) = 71),
    manifest TEXT NOT NULL CHECK (json_valid(manifest)),
    created_at_us INTEGER NOT NULL,
    reproducible INTEGER NOT NULL CHECK (reproducible IN (0, 1)),
    unreproducible_reason TEXT,
    CHECK (reproducible = (unreproducible_reason IS NULL))
) STRICT;

CREATE TRIGGER releases_are_never_changed BEFORE UPDATE ON releases
BEGIN SELECT RAISE(ABORT, 'a release cannot be edited'); END;
CREATE TRIGGER releases_are_never_removed BEFORE DELETE ON releases
BEGIN SELECT RAISE(ABORT, 'a release cannot be removed'); END;
CREATE TRIGGER releases_are_never_replaced BEFORE INSERT ON releases
WHEN EXISTS (SELECT 1 FROM releases WHERE id = NEW.id OR seq = NEW.seq)
BEGIN SELECT RAISE(ABORT, 'a release cannot be edited'); END;

CREATE TABLE endpoints (
    name TEXT PRIMARY KEY CHECK (name <> ''),
    stable TEXT REFERENCES releases (id),
    candidate TEXT REFERENCES releases (id),
    previous TEXT REFERENCES releases (id),
    CHECK (stable <> candidate),
    CHECK (stable <> previous)
) STRICT, WITHOUT ROWID;
