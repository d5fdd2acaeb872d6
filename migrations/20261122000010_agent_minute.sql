-- What agents say about themselves: whether their own network carried, minute by minute, and how
-- their clock and load are now. Derived from the batches, like samples.
CREATE TABLE agent_minute (
    agent_id INT NOT NULL REFERENCES agent (id),
    minute_at TIMESTAMPTZ NOT NULL,
    seq BIGINT NOT NULL,
    i BIGINT NOT NULL, -- Of several lines about one minute, that of the highest index counts.
    controls INT NOT NULL,
    controls_ok INT NOT NULL,
    PRIMARY KEY (agent_id, minute_at),
    CONSTRAINT agent_minute_ok_of_controls CHECK (controls_ok BETWEEN 0 AND controls)
);
CREATE INDEX agent_minute_minute_at ON agent_minute (minute_at);

-- The newest of each kind, by its index in the agent's stream; what is unknown is null.
CREATE TABLE agent_state (
    agent_id INT PRIMARY KEY REFERENCES agent (id),
    clock_i BIGINT,
    clock_received_at TIMESTAMPTZ,
    clock_source TEXT,
    clock_offset_us BIGINT,
    clock_bound_us BIGINT,
    clock_synced BOOLEAN,
    collector_offset_us BIGINT,
    collector_bound_us BIGINT,
    load_i BIGINT,
    load_received_at TIMESTAMPTZ,
    plan BIGINT,
    lag_us_max BIGINT,
    cpu_permille BIGINT,
    rss_kib BIGINT,
    boot_i BIGINT,
    boot_received_at TIMESTAMPTZ,
    build TEXT,
    version TEXT
);
