-- How long answers took, as sketches, for charts and the API; no verdict reads it. A row per closed
-- hour beside its cells, and their sum per day, both derived from samples. They stay when samples
-- leave.
CREATE TABLE latency_hour (
    target_id INT NOT NULL,
    agent_id INT NOT NULL,
    hour_at TIMESTAMPTZ NOT NULL,
    packed BYTEA NOT NULL,
    -- Planned samples of each outcome.
    outcomes JSONB NOT NULL,
    PRIMARY KEY (target_id, hour_at, agent_id)
);

CREATE TABLE latency_day (
    target_id INT NOT NULL,
    agent_id INT NOT NULL,
    day DATE NOT NULL,
    packed BYTEA NOT NULL,
    outcomes JSONB NOT NULL,
    PRIMARY KEY (target_id, day, agent_id)
);

-- The month that pages look back on is computed once from the samples that are there.
INSERT INTO cell_dirty
SELECT DISTINCT target_id, hour_at FROM cell WHERE hour_at > now() - interval '32 days'
ON CONFLICT DO NOTHING;
