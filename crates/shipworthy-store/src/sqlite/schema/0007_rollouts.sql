-- Who changes an endpoint says which revision they have seen. No release is in two slots: candidate
-- and previous were not compared before, when nothing was a candidate.
ALTER TABLE endpoints ADD COLUMN revision INTEGER NOT NULL DEFAULT 0 CHECK (revision >= 0);
ALTER TABLE endpoints ADD COLUMN rollout TEXT CHECK (json_valid(rollout));
ALTER TABLE endpoints ADD COLUMN stopped INTEGER NOT NULL DEFAULT 0
    CHECK (stopped IN (0, 1)) CHECK (candidate <> previous);

-- What happened to one subject, in the order of the events' ids.
CREATE INDEX events_by_subject ON events (subject);
