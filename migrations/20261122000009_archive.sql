-- Which days of raw batches stand in the archive, so that retention drops nothing else once an
-- archive is configured.
CREATE TABLE day_archived (
    day DATE PRIMARY KEY,
    objects BIGINT NOT NULL,
    batches BIGINT NOT NULL,
    bytes BIGINT NOT NULL,
    -- Of the manifest that lists the day's objects.
    sha256 BYTEA NOT NULL CONSTRAINT day_archived_sha256_is_one CHECK (length(sha256) = 32),
    archived_at TIMESTAMPTZ NOT NULL,
    -- When the raw bytes were last brought back: for a while retention leaves them.
    restored_at TIMESTAMPTZ
);
