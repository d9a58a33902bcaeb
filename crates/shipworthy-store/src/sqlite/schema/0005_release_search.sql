-- What releases are searched by. Each index has every column that is asked for, so that no manifest
-- is read but those of the page that is found. The columns are read before the manifest is checked.
ALTER TABLE releases ADD COLUMN git_commit TEXT GENERATED ALWAYS AS
    (CASE WHEN json_valid(manifest) THEN CAST(manifest ->> '$.commit' AS TEXT) END) VIRTUAL;
ALTER TABLE releases ADD COLUMN project TEXT GENERATED ALWAYS AS
    (CASE WHEN json_valid(manifest) THEN CAST(manifest ->> '$.project' AS TEXT) END) VIRTUAL;

CREATE INDEX releases_by_commit ON releases (git_commit, project, created_at_us, reproducible);
CREATE INDEX releases_by_project ON releases (project, seq, git_commit, created_at_us, reproducible);
CREATE INDEX releases_by_time ON releases (created_at_us, project, git_commit, reproducible);
