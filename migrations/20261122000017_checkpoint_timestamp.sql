-- Tokens of outside authorities (RFC 3161) over the texts of checkpoints: by when the log had a size,
-- said by somebody who has no part in it. Only cosigned checkpoints are stamped.
CREATE TABLE checkpoint_timestamp (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    size BIGINT NOT NULL REFERENCES checkpoint (size),
    -- The authority's name in the configuration at the time.
    authority TEXT NOT NULL,
    -- The whole answer, as it came.
    response BYTEA NOT NULL,
    -- The time in the token.
    stamped_at TIMESTAMPTZ NOT NULL,
    received_at TIMESTAMPTZ NOT NULL,
    CONSTRAINT checkpoint_timestamp_once UNIQUE (size, authority)
);
CREATE INDEX checkpoint_timestamp_authority ON checkpoint_timestamp (authority, id);
