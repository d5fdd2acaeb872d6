-- Final assessments follow evidence that comes late: a revision names the bytes that it replaces,
-- when it was made and why; windows that wait to be judged again are marked.
ALTER TABLE assessment
    ADD COLUMN replaces_sha256 BYTEA
        CONSTRAINT assessment_replaces_is_sha256 CHECK (length(replaces_sha256) = 32),
    ADD COLUMN cause TEXT CONSTRAINT assessment_cause_known CHECK (cause IN ('evidence', 'rebuild')),
    ADD COLUMN revised_at TIMESTAMPTZ;

-- Marked in the transaction that writes cells of the window; the mark waits until the window is
-- final.
CREATE TABLE assessment_dirty (
    contract_id INT NOT NULL REFERENCES contract (id),
    window_start_at TIMESTAMPTZ NOT NULL,
    marked_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (contract_id, window_start_at)
);

-- What came late before there were marks.
INSERT INTO assessment_dirty
SELECT DISTINCT a.contract_id, a.window_start_at, now() FROM assessment a
WHERE EXISTS (SELECT FROM batch b
              WHERE b.wall_last_at >= a.window_start_at AND b.wall_first_at < a.window_end_at
                AND (b.received_at > a.window_end_at + interval '1 hour'
                     OR b.anchored_at > a.window_end_at + interval '1 hour'));
