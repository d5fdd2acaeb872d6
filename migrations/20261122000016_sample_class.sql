-- What many samples have in common stands once, in `sample_class`; a row of `sample` names it by a
-- number. That takes 40 % off a row, and counting an hour groups by one number, not by nine columns.
--
-- What is stored is rewritten, a day after the other, in one transaction: nothing is lost if it is
-- stopped, for then nothing has changed. `sample` is locked until it commits, so ingest and readers
-- wait: 3 to 10 s for each million rows. Until then the disk has to hold old rows and new ones.
-- Collectors of the version before are to be stopped first: they name columns that are gone, and
-- would answer batches with errors. Agents keep what is not taken.

-- SHA-256 of a class. Lengths keep fields apart, and an absent text from an empty one. It calls what
-- only counts as stable because it depends on the encoding, which is named here.
CREATE FUNCTION sample_class_digest(
    outcome TEXT, attribution TEXT, kind TEXT, source TEXT, stream BOOLEAN, status SMALLINT,
    served_model TEXT, served_tier TEXT, features TEXT
) RETURNS BYTEA LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN sha256(convert_to(concat(
    length(outcome), ':', outcome, length(attribution), ':', attribution, length(kind), ':', kind,
    length(source), ':', source, stream, ':', status, ':',
    length(served_model), ':', served_model, length(served_tier), ':', served_tier,
    length(features), ':', features
), 'UTF8'));

-- The digest is what makes a class unique: a name of a model may be longer than an index takes. It
-- is made here and nowhere else, so a class that is tampered with is another class.
CREATE TABLE sample_class (
    id INT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    outcome TEXT NOT NULL,
    attribution TEXT NOT NULL,
    kind TEXT NOT NULL,
    source TEXT NOT NULL,
    stream BOOLEAN NOT NULL,
    status SMALLINT,
    served_model TEXT,
    served_tier TEXT,
    features TEXT,
    digest BYTEA NOT NULL GENERATED ALWAYS AS (
        sample_class_digest(outcome, attribution, kind, source, stream, status, served_model,
                            served_tier, features)
    ) STORED CONSTRAINT sample_class_once UNIQUE
);

ALTER TABLE sample RENAME TO sample_wide;
ALTER TABLE sample_wide RENAME CONSTRAINT sample_pkey TO sample_wide_pkey;

-- Eight bytes wide first, then four, then what may be absent: no byte goes to alignment. No foreign
-- key for the class: it would look up a row for each sample, where a batch has a handful of classes.
-- Classes are never deleted, and a sample without one cannot be counted, which is told.
CREATE TABLE sample (
    slot_at TIMESTAMPTZ NOT NULL,
    started_at TIMESTAMPTZ NOT NULL,
    seq BIGINT NOT NULL,
    i BIGINT NOT NULL,
    end_us BIGINT NOT NULL,
    target_id INT NOT NULL,
    agent_id INT NOT NULL,
    attempt INT NOT NULL,
    class_id INT NOT NULL,
    first_us BIGINT,
    output_tokens BIGINT
) PARTITION BY RANGE (slot_at);

INSERT INTO sample_class (outcome, attribution, kind, source, stream, status, served_model,
                          served_tier, features)
SELECT DISTINCT outcome, attribution, kind, source, stream, status, served_model, served_tier,
       features
FROM sample_wide ORDER BY 1, 2, 3, 4, 5, 6, 7, 8, 9;
ANALYZE sample_class;

-- What may be absent is compared twice: a hash join needs plain equality, which is wide enough to
-- let an absent text meet an empty one.
DO $$
DECLARE
    day RECORD;
    before BIGINT;
    after BIGINT;
BEGIN
    FOR day IN
        SELECT c.relname AS name, c.relname || '_wide' AS wide,
               pg_get_expr(c.relpartbound, c.oid) AS bounds
        FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'sample_wide'::regclass ORDER BY 1
    LOOP
        EXECUTE format('ALTER TABLE %I RENAME TO %I', day.name, day.wide);
        EXECUTE format('CREATE TABLE %I PARTITION OF sample %s', day.name, day.bounds);
        EXECUTE format(
            'INSERT INTO %I (slot_at, started_at, seq, i, end_us, target_id, agent_id, attempt,
                             class_id, first_us, output_tokens)
             SELECT s.slot_at, s.started_at, s.seq, s.i, s.end_us, s.target_id, s.agent_id,
                    s.attempt, c.id, s.first_us, s.output_tokens
             FROM %I s JOIN sample_class c
                 ON (c.outcome, c.attribution, c.kind, c.source, c.stream, COALESCE(c.status, 0),
                     COALESCE(c.served_model, ''''), COALESCE(c.served_tier, ''''),
                     COALESCE(c.features, ''''))
                    = (s.outcome, s.attribution, s.kind, s.source, s.stream, COALESCE(s.status, 0),
                       COALESCE(s.served_model, ''''), COALESCE(s.served_tier, ''''),
                       COALESCE(s.features, ''''))
                 AND (c.status, c.served_model, c.served_tier, c.features)
                     IS NOT DISTINCT FROM (s.status, s.served_model, s.served_tier, s.features)',
            day.name, day.wide);
        GET DIAGNOSTICS after = ROW_COUNT;
        EXECUTE format('SELECT count(*) FROM %I', day.wide) INTO before;
        IF before <> after THEN
            RAISE EXCEPTION '% of % samples of % have a class', after, before, day.name;
        END IF;
        EXECUTE format('DROP TABLE %I', day.wide);
    END LOOP;
END $$;
DROP TABLE sample_wide;

-- Over all days at once: faster than row by row, and the index is packed.
ALTER TABLE sample
    ADD CONSTRAINT sample_pkey PRIMARY KEY (target_id, slot_at, agent_id, attempt);

-- Samples with their class, for people and for what looks at a few. A class that is not there shows
-- as NULL.
CREATE VIEW sample_whole AS
SELECT s.target_id, s.slot_at, s.agent_id, s.attempt, s.seq, s.i, s.started_at, c.outcome,
       c.attribution, c.kind, c.source, c.stream, c.status, s.first_us, s.end_us, s.output_tokens,
       c.served_model, c.served_tier, c.features
FROM sample s LEFT JOIN sample_class c ON c.id = s.class_id;
