-- Whose statements count. A key that was retired signs no more, and what it signed before holds;
-- one that was revoked is not believed at all.
CREATE TABLE keys (
    id TEXT PRIMARY KEY CHECK (length(id) = 64),
    public_pem TEXT NOT NULL,
    trusted_by INTEGER NOT NULL REFERENCES events (id),
    ended TEXT CHECK (ended IN ('retired', 'revoked')),
    ended_by INTEGER REFERENCES events (id),
    CHECK ((ended IS NULL) = (ended_by IS NULL))
) STRICT, WITHOUT ROWID;

CREATE TRIGGER keys_are_never_removed BEFORE DELETE ON keys
BEGIN SELECT RAISE(ABORT, 'a key cannot be removed'); END;

CREATE TABLE attestations (
    event INTEGER PRIMARY KEY REFERENCES events (id),
    release TEXT NOT NULL REFERENCES releases (id),
    predicate_type TEXT NOT NULL CHECK (predicate_type <> ''),
    envelope TEXT NOT NULL
) STRICT;

CREATE INDEX attestations_release ON attestations (release, event);

CREATE TRIGGER attestations_are_never_changed BEFORE UPDATE ON attestations
BEGIN SELECT RAISE(ABORT, 'an attestation cannot be edited'); END;
CREATE TRIGGER attestations_are_never_removed BEFORE DELETE ON attestations
BEGIN SELECT RAISE(ABORT, 'an attestation cannot be removed'); END;
CREATE TRIGGER attestations_are_never_replaced BEFORE INSERT ON attestations
WHEN EXISTS (SELECT 1 FROM attestations WHERE event = NEW.event)
BEGIN SELECT RAISE(ABORT, 'an attestation cannot be edited'); END;

-- To search by; what counts is the attestation. In the order in which releases are listed.
CREATE TABLE metrics (
    name TEXT NOT NULL CHECK (name <> ''),
    release INTEGER NOT NULL REFERENCES releases (seq),
    value REAL NOT NULL,
    PRIMARY KEY (name, release)
) STRICT, WITHOUT ROWID;
