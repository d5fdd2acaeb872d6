-- Contracts as they were registered, and what they say about the cells.
CREATE TABLE contract (
    id INT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name TEXT NOT NULL CONSTRAINT contract_name_unique UNIQUE,
    toml TEXT NOT NULL,
    sha256 BYTEA NOT NULL,
    targets TEXT[] NOT NULL,
    fees TEXT,
    registered_at TIMESTAMPTZ NOT NULL
);

-- `live` rows are replaced while their window runs; a final one is only followed by a new
-- revision.
CREATE TABLE assessment (
    contract_id INT NOT NULL REFERENCES contract (id),
    window_start_at TIMESTAMPTZ NOT NULL,
    revision INT NOT NULL,
    window_end_at TIMESTAMPTZ NOT NULL,
    state TEXT NOT NULL CONSTRAINT assessment_state_known CHECK (state IN ('live', 'final')),
    as_of TIMESTAMPTZ NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (contract_id, window_start_at, revision)
);

CREATE TABLE violation (
    name TEXT PRIMARY KEY,
    contract_id INT NOT NULL REFERENCES contract (id),
    commitment TEXT NOT NULL,
    window_start_at TIMESTAMPTZ NOT NULL,
    detected_at TIMESTAMPTZ NOT NULL,
    -- Set when a correction took the breach back: the page says so, nothing disappears.
    withdrawn_at TIMESTAMPTZ,
    CONSTRAINT violation_once UNIQUE (contract_id, commitment, window_start_at)
);
