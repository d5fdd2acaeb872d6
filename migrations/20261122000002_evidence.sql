-- The truth: raw batches, registry records and the log over both. Everything else is derived.
CREATE TABLE batch (
    agent_id INT NOT NULL REFERENCES agent (id),
    seq BIGINT NOT NULL CONSTRAINT batch_seq_not_negative CHECK (seq >= 0),
    hash BYTEA NOT NULL CONSTRAINT batch_hash_is_sha256 CHECK (length(hash) = 32),
    prev BYTEA NOT NULL CONSTRAINT batch_prev_is_sha256 CHECK (length(prev) = 32),
    note BYTEA NOT NULL,
    body BYTEA NOT NULL,
    lines INT NOT NULL,
    wall_first_at TIMESTAMPTZ NOT NULL,
    wall_last_at TIMESTAMPTZ NOT NULL,
    received_at TIMESTAMPTZ NOT NULL,
    log_index BIGINT,
    -- Time of the first cosignature over a checkpoint that covers the batch.
    anchored_at TIMESTAMPTZ,
    PRIMARY KEY (agent_id, seq)
);
ALTER TABLE batch ALTER COLUMN body SET STORAGE EXTERNAL; -- Compressed already.

CREATE INDEX batch_wall ON batch (agent_id, wall_last_at);
CREATE INDEX batch_unanchored ON batch (log_index) WHERE anchored_at IS NULL;

-- Same sequence number, other bytes: kept as evidence of a cloned or broken agent.
CREATE TABLE batch_conflict (
    agent_id INT NOT NULL REFERENCES agent (id),
    seq BIGINT NOT NULL,
    hash BYTEA NOT NULL,
    body BYTEA NOT NULL,
    received_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (agent_id, seq, hash)
);

CREATE TABLE registry (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    chain TEXT NOT NULL,
    entry INT NOT NULL,
    kind TEXT NOT NULL,
    at TIMESTAMPTZ NOT NULL,
    hash BYTEA NOT NULL,
    body BYTEA NOT NULL,
    note BYTEA NOT NULL,
    log_index BIGINT,
    CONSTRAINT registry_chain_entry_unique UNIQUE (chain, entry)
);

-- What waits for the sequencer, in order of arrival. Filled in the transaction that stores it.
CREATE TABLE log_pending (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    agent_id INT,
    seq BIGINT,
    registry_id BIGINT,
    CONSTRAINT log_pending_names_one CHECK ((agent_id IS NULL) <> (registry_id IS NULL))
);

-- Leaves are the stored note bytes: the log keeps their hashes and where the bytes are.
CREATE TABLE log_entry (
    idx BIGINT PRIMARY KEY,
    leaf_hash BYTEA NOT NULL CONSTRAINT log_entry_hash_is_sha256 CHECK (length(leaf_hash) = 32),
    agent_id INT,
    seq BIGINT,
    registry_id BIGINT,
    CONSTRAINT log_entry_names_one CHECK ((agent_id IS NULL) <> (registry_id IS NULL))
);

CREATE TABLE checkpoint (
    size BIGINT PRIMARY KEY,
    root BYTEA NOT NULL,
    note TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE cosignature (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    size BIGINT NOT NULL REFERENCES checkpoint (size),
    agent_id INT NOT NULL REFERENCES agent (id),
    signed_at TIMESTAMPTZ NOT NULL,
    line TEXT NOT NULL,
    CONSTRAINT cosignature_once UNIQUE (size, agent_id)
);
