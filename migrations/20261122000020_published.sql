-- What providers publish about themselves: their status pages, as they were read. For eyes and
-- reports; no verdict reads any of it.

-- When each source is read next: shared, so that several collectors read it once.
CREATE TABLE published_poll (
    source TEXT PRIMARY KEY,
    polled_at TIMESTAMPTZ NOT NULL,
    next_at TIMESTAMPTZ NOT NULL,
    -- In a row, up to now.
    failures INT NOT NULL CONSTRAINT published_poll_failures_not_negative CHECK (failures >= 0)
);

-- Every version of every document, as it was sent: an admission can be edited later.
CREATE TABLE published_version (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source TEXT NOT NULL,
    document TEXT NOT NULL,
    url TEXT NOT NULL,
    fetched_at TIMESTAMPTZ NOT NULL,
    -- When it was last found to be the newest.
    seen_at TIMESTAMPTZ NOT NULL,
    sha256 BYTEA NOT NULL CONSTRAINT published_version_is_sha256 CHECK (length(sha256) = 32),
    etag TEXT,
    -- The answer's bytes, zstd.
    body BYTEA NOT NULL,
    CONSTRAINT published_version_seen_later CHECK (seen_at >= fetched_at)
);
CREATE INDEX published_version_newest ON published_version (source, document, id);

-- Runs in which a source said the same; one that could not be read is `unknown`, with a note of why.
CREATE TABLE published_state (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source TEXT NOT NULL,
    from_at TIMESTAMPTZ NOT NULL,
    -- Up to when it is known to have held.
    to_at TIMESTAMPTZ NOT NULL,
    level TEXT NOT NULL CONSTRAINT published_state_level_known CHECK (level IN
        ('operational', 'degraded', 'partial_outage', 'major_outage', 'maintenance', 'unknown')),
    note TEXT,
    components JSONB NOT NULL,
    -- The newest of the run: figures change without a change of state.
    uptimes JSONB NOT NULL,
    CONSTRAINT published_state_ends_later CHECK (to_at >= from_at)
);
CREATE INDEX published_state_span ON published_state (source, to_at);

-- Every version of every incident of the provider's.
CREATE TABLE published_incident (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source TEXT NOT NULL,
    incident TEXT NOT NULL,
    -- When this version was first read here.
    seen_at TIMESTAMPTZ NOT NULL,
    -- When the page last listed it while it was open: some drop what is over without a word.
    listed_at TIMESTAMPTZ NOT NULL,
    title TEXT NOT NULL,
    impact TEXT,
    started_at TIMESTAMPTZ,
    resolved_at TIMESTAMPTZ,
    updated_at TIMESTAMPTZ,
    url TEXT
);
CREATE INDEX published_incident_newest ON published_incident (source, incident, id);
