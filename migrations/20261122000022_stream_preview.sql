-- What agents tell between two batches: the newest attempt of every agent for every target that no
-- batch had told. For pages only: it is neither evidence nor derived from any, so nothing that is
-- judged reads it, `nines rebuild` leaves it alone, and what a crash takes is told anew within
-- seconds; hence no write-ahead log. By the target's name: one that the plan has just taken up has
-- no other before its first batch.
CREATE UNLOGGED TABLE stream_preview (
    target TEXT NOT NULL,
    agent_id INT NOT NULL,
    slot_at TIMESTAMPTZ NOT NULL,
    attempt INT NOT NULL,
    started_at TIMESTAMPTZ NOT NULL,
    outcome TEXT NOT NULL,
    attribution TEXT NOT NULL,
    status SMALLINT,
    first_us BIGINT,
    PRIMARY KEY (target, agent_id)
) WITH (fillfactor = 50);
