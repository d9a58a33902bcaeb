-- One row: how far events are copied into the ledger.
CREATE TABLE outbox (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    log_id BLOB NOT NULL CHECK (length(log_id) = 16),
    copied INTEGER NOT NULL CHECK (copied >= 0),
    sent INTEGER NOT NULL CHECK (sent >= copied),
    sequence INTEGER NOT NULL CHECK (sequence >= 0)
) STRICT;
