-- A database restored from an older copy lacks entries of the log that were signed. They have to
-- come back at the places that they had; until then nothing is signed and nothing is recorded, by
-- any collector or command that uses this database.
CREATE TABLE log_behind (
    one BOOLEAN PRIMARY KEY DEFAULT TRUE CONSTRAINT log_behind_is_one CHECK (one),
    -- The greatest head that is known to be signed.
    size BIGINT NOT NULL,
    root BYTEA NOT NULL CONSTRAINT log_behind_root_is_sha256 CHECK (length(root) = 32),
    found_at TIMESTAMPTZ NOT NULL
);

-- Signed entries that are not in log_entry yet, by the journal beside a signer's state.
CREATE TABLE log_owed (
    idx BIGINT PRIMARY KEY,
    leaf_hash BYTEA NOT NULL CONSTRAINT log_owed_hash_is_sha256 CHECK (length(leaf_hash) = 32),
    -- Names, not keys: the agent's row may have to come back first.
    agent TEXT,
    seq BIGINT,
    chain TEXT,
    entry INT,
    CONSTRAINT log_owed_names_one CHECK ((agent IS NULL) <> (chain IS NULL))
);
CREATE INDEX log_owed_agent ON log_owed (agent, seq) WHERE agent IS NOT NULL;

-- Cosignatures over checkpoints that were lost with them: they date what comes back.
CREATE TABLE log_owed_cosignature (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    size BIGINT NOT NULL,
    agent TEXT NOT NULL,
    signed_at TIMESTAMPTZ NOT NULL,
    line TEXT NOT NULL,
    CONSTRAINT log_owed_cosignature_once UNIQUE (size, agent)
);
