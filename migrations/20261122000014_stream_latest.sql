-- What pages show of streams and agents, kept by ingest as batches come in: found anew it takes a
-- look into the index for each stream, and a count of the whole ledger. Derived; `nines rebuild`
-- compares and renews it. Rows are rewritten in place, so pages are left half empty.
CREATE TABLE agent_delivered (
    agent_id INT PRIMARY KEY,
    batches BIGINT NOT NULL,
    lines BIGINT NOT NULL,
    last_seq BIGINT NOT NULL,
    received_at TIMESTAMPTZ NOT NULL
) WITH (fillfactor = 50);

-- The newest attempt of every agent for every target, by slot.
CREATE TABLE stream_latest (
    target_id INT NOT NULL,
    agent_id INT NOT NULL,
    slot_at TIMESTAMPTZ NOT NULL,
    attempt INT NOT NULL,
    started_at TIMESTAMPTZ NOT NULL,
    outcome TEXT NOT NULL,
    attribution TEXT NOT NULL,
    status SMALLINT,
    first_us BIGINT,
    PRIMARY KEY (target_id, agent_id)
) WITH (fillfactor = 50);

INSERT INTO agent_delivered
SELECT agent_id, count(*), sum(lines), max(seq), max(received_at) FROM batch GROUP BY agent_id;

INSERT INTO stream_latest
SELECT t.id, a.id, s.slot_at, s.attempt, s.started_at, s.outcome, s.attribution, s.status,
       s.first_us
FROM target t CROSS JOIN agent a
CROSS JOIN LATERAL (
    SELECT * FROM sample n WHERE n.target_id = t.id AND n.agent_id = a.id
    ORDER BY n.slot_at DESC, n.attempt DESC LIMIT 1
) s;
