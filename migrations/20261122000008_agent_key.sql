-- Keys of an agent over time, each with the first batch it signs: an agent hands over from one key to
-- the next, and what the old one signed stays evidence. An agent that is lost has a successor, by a
-- join token that says so.
CREATE TABLE agent_key (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    agent_id INT NOT NULL REFERENCES agent (id),
    from_seq BIGINT NOT NULL CONSTRAINT agent_key_from_seq_not_negative CHECK (from_seq >= 0),
    vkey TEXT NOT NULL,
    -- Number of the record in the fleet's chain; absent for the key of the enrolment.
    registry_entry INT,
    CONSTRAINT agent_key_vkey_unique UNIQUE (agent_id, vkey)
);
CREATE INDEX agent_key_order ON agent_key (agent_id, from_seq, id);

INSERT INTO agent_key (agent_id, from_seq, vkey) SELECT id, 0, vkey FROM agent ORDER BY id;

ALTER TABLE agent ADD COLUMN successor_id INT CONSTRAINT agent_successor_known REFERENCES agent (id);
ALTER TABLE join_token ADD COLUMN supersedes TEXT;
