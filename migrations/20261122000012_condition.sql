-- What every minute of a target was like, for pages and the API; no verdict reads it. A row per
-- closed hour, derived from its cells.
CREATE TABLE condition_hour (
    target_id INT NOT NULL,
    hour_at TIMESTAMPTZ NOT NULL,
    -- A letter per minute: u up, d provider down, r regional, o our side, - unmeasured.
    minutes TEXT NOT NULL CONSTRAINT condition_hour_minutes_are_60 CHECK (minutes ~ '^[udro-]{60}$'),
    PRIMARY KEY (target_id, hour_at)
);

-- The month that pages look back on is computed once from the cells that are there.
INSERT INTO cell_dirty
SELECT DISTINCT target_id, hour_at FROM cell WHERE hour_at > now() - interval '32 days'
ON CONFLICT DO NOTHING;
