-- Claims: what is asked of a provider for one window of one contract, and what became of it.
CREATE TABLE claim (
    name TEXT PRIMARY KEY,
    contract_id INT NOT NULL REFERENCES contract (id),
    window_start_at TIMESTAMPTZ NOT NULL,
    window_end_at TIMESTAMPTZ NOT NULL,
    -- The window's name in the contract's own way of counting.
    period TEXT NOT NULL,
    -- The contract as it judged the window.
    terms TEXT NOT NULL,
    state TEXT NOT NULL CONSTRAINT claim_state_known
        CHECK (state IN ('drafted', 'filed', 'acknowledged', 'paid', 'denied', 'expired')),
    reference TEXT,
    reason TEXT,
    drafted_at TIMESTAMPTZ NOT NULL,
    filed_at TIMESTAMPTZ,
    settled_at TIMESTAMPTZ,
    CONSTRAINT claim_once UNIQUE (contract_id, window_start_at)
);

-- What is asked, by the assessment that it follows from: a correction adds a row, and names the
-- one before and what changed.
CREATE TABLE claim_revision (
    claim TEXT NOT NULL REFERENCES claim (name),
    revision INT NOT NULL,
    replaces INT CONSTRAINT claim_revision_replaces_before CHECK (replaces = revision - 1),
    assessment_revision INT NOT NULL,
    -- Absent where it hangs on fees that are not known; 0 where nothing is left to claim.
    asked_minor BIGINT CONSTRAINT claim_asked_is_amount CHECK (asked_minor >= 0),
    currency TEXT NOT NULL,
    -- First minutes that are too late, by the strictest reading and by the last literal one.
    due_safe_at TIMESTAMPTZ,
    due_literal_at TIMESTAMPTZ,
    changes TEXT NOT NULL,
    made_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (claim, revision)
);

-- The key keeps a violation, and so its downtime, from ever standing in two claims.
CREATE TABLE claim_violation (
    violation TEXT NOT NULL CONSTRAINT claim_violation_once PRIMARY KEY REFERENCES violation (name),
    claim TEXT NOT NULL REFERENCES claim (name)
);

CREATE TABLE claim_event (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    claim TEXT NOT NULL REFERENCES claim (name),
    at TIMESTAMPTZ NOT NULL,
    actor TEXT NOT NULL,
    what TEXT NOT NULL,
    detail TEXT NOT NULL,
    paid_minor BIGINT CONSTRAINT claim_event_paid_is_amount CHECK (paid_minor > 0)
);
CREATE INDEX claim_event_claim ON claim_event (claim, id);

CREATE FUNCTION claim_event_keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the history of claims is only added to';
END $$;
CREATE TRIGGER claim_event_only_grows BEFORE UPDATE OR DELETE ON claim_event
    FOR EACH ROW EXECUTE FUNCTION claim_event_keep();

-- Final assessments that were looked at for something to claim, so that each is looked at once.
CREATE TABLE claim_look (
    contract_id INT NOT NULL REFERENCES contract (id),
    window_start_at TIMESTAMPTZ NOT NULL,
    revision INT NOT NULL,
    looked_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (contract_id, window_start_at, revision)
);
