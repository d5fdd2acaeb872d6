-- Items on which a job fails again and again: set aside, so that the others go on, and shown, so
-- that somebody looks.
CREATE TABLE job_poison (
    job TEXT NOT NULL,
    key TEXT NOT NULL,
    error TEXT NOT NULL,
    tries INT NOT NULL,
    first_at TIMESTAMPTZ NOT NULL,
    last_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (job, key)
);
