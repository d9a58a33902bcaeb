-- A statement that was removed leaves its event: it is missed by that.
CREATE INDEX events_of_attestations ON events (subject) WHERE kind = 'release.attested';
