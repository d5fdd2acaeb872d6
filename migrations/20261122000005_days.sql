-- What is kept for how long: raw bytes and samples leave by the day, whole partitions at a time;
-- the ledger, its notes and the log stay.
CREATE TABLE batch_raw (
    received_at TIMESTAMPTZ NOT NULL,
    agent_id INT NOT NULL,
    seq BIGINT NOT NULL,
    body BYTEA NOT NULL,
    PRIMARY KEY (received_at, agent_id, seq)
) PARTITION BY RANGE (received_at);
ALTER TABLE batch_raw ALTER COLUMN body SET STORAGE EXTERNAL; -- Compressed already.

-- Batches that were stored before keep their bytes where they are; a row with neither has lost
-- them to retention.
ALTER TABLE batch ALTER COLUMN body DROP NOT NULL;

-- Days that are gone, and how much went with them.
CREATE TABLE day_dropped (
    kind TEXT NOT NULL CONSTRAINT day_dropped_kind_known CHECK (kind IN ('raw', 'sample')),
    day DATE NOT NULL,
    dropped_rows BIGINT NOT NULL,
    dropped_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (kind, day)
);

-- Nothing of a held target and time leaves, whatever the policy says. Released holds stay, so
-- that it can be told who held what, and why.
CREATE TABLE hold (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    target TEXT NOT NULL,
    from_day DATE NOT NULL,
    to_day DATE NOT NULL,
    reason TEXT NOT NULL CONSTRAINT hold_has_reason CHECK (reason <> ''),
    created_at TIMESTAMPTZ NOT NULL,
    released_at TIMESTAMPTZ,
    CONSTRAINT hold_days_in_order CHECK (from_day <= to_day)
);

-- A violation holds its window by itself for a while, until somebody lets go of it.
ALTER TABLE violation ADD COLUMN hold_released_at TIMESTAMPTZ;
