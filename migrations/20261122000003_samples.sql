-- Samples, derived from batches, one partition a day. One index only: it is the natural key, and
-- it serves "this target over this time". Idempotency lives in `batch`.
CREATE TABLE sample (
    target_id INT NOT NULL,
    slot_at TIMESTAMPTZ NOT NULL,
    agent_id INT NOT NULL,
    attempt INT NOT NULL,
    seq BIGINT NOT NULL,
    i BIGINT NOT NULL,
    started_at TIMESTAMPTZ NOT NULL,
    outcome TEXT NOT NULL,
    attribution TEXT NOT NULL,
    kind TEXT NOT NULL,
    source TEXT NOT NULL,
    stream BOOLEAN NOT NULL,
    status SMALLINT,
    first_us BIGINT,
    end_us BIGINT NOT NULL,
    output_tokens BIGINT,
    served_model TEXT,
    served_tier TEXT,
    features TEXT,
    PRIMARY KEY (target_id, slot_at, agent_id, attempt)
) PARTITION BY RANGE (slot_at);

-- Rows that the natural key refused: an agent that lost its counters, or a bug. Never silent.
CREATE TABLE sample_conflict (
    agent_id INT NOT NULL,
    seq BIGINT NOT NULL,
    target_id INT NOT NULL,
    slot_at TIMESTAMPTZ NOT NULL,
    attempt INT NOT NULL,
    PRIMARY KEY (agent_id, seq, target_id, slot_at, attempt)
);

-- Planned slots that were not run, as ranges.
CREATE TABLE slot_gap (
    agent_id INT NOT NULL,
    target_id INT NOT NULL,
    i BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    first_at TIMESTAMPTZ NOT NULL,
    last_at TIMESTAMPTZ NOT NULL,
    slots BIGINT NOT NULL,
    reason TEXT NOT NULL,
    plan BIGINT NOT NULL,
    PRIMARY KEY (agent_id, target_id, i)
);
CREATE INDEX slot_gap_time ON slot_gap (target_id, last_at);

-- Hours whose cells must be recomputed.
CREATE TABLE cell_dirty (
    target_id INT NOT NULL,
    hour_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (target_id, hour_at)
);

-- Exact counts per class and minute, packed: a row per target, agent and hour.
CREATE TABLE cell (
    target_id INT NOT NULL,
    agent_id INT NOT NULL,
    hour_at TIMESTAMPTZ NOT NULL,
    packed BYTEA NOT NULL,
    PRIMARY KEY (target_id, hour_at, agent_id)
);
