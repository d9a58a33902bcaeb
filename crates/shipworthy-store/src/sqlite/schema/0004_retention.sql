-- A release stays for ever in the record; its files can be pruned, unless it is held.
CREATE TABLE retention (
    release TEXT PRIMARY KEY REFERENCES releases (id),
    state TEXT NOT NULL CHECK (state IN ('held', 'pruned')),
    event INTEGER NOT NULL REFERENCES events (id)
) STRICT, WITHOUT ROWID;
