-- Notices of single incidents, which some contracts want long before a window is over, and what
-- was said of deadlines, so that every reminder is given once.
CREATE TABLE claim_notice (
    name TEXT PRIMARY KEY,
    contract_id INT NOT NULL REFERENCES contract (id),
    -- The incident as far as it is known; the end moves on while it lasts.
    start_at TIMESTAMPTZ NOT NULL,
    end_at TIMESTAMPTZ NOT NULL CONSTRAINT claim_notice_ends_later CHECK (end_at > start_at),
    -- Whether it lasted when it was last looked at.
    going_on BOOLEAN NOT NULL,
    -- The contract as it judged the incident.
    terms TEXT NOT NULL,
    state TEXT NOT NULL CONSTRAINT claim_notice_state_known
        CHECK (state IN ('prepared', 'sent', 'lapsed', 'withdrawn')),
    reference TEXT,
    due_safe_at TIMESTAMPTZ,
    due_literal_at TIMESTAMPTZ,
    prepared_at TIMESTAMPTZ NOT NULL,
    sent_at TIMESTAMPTZ,
    sent_by TEXT,
    CONSTRAINT claim_notice_once UNIQUE (contract_id, start_at)
);

-- The assessment that an early draft follows from: the stored one is replaced until it is final.
ALTER TABLE claim_revision ADD COLUMN early_body TEXT;

-- Reminders given, by what they were about (a claim or a notice), its deadline and how long before.
CREATE TABLE claim_alarm (
    item TEXT NOT NULL,
    due_at TIMESTAMPTZ NOT NULL,
    lead_s BIGINT NOT NULL CONSTRAINT claim_alarm_is_ahead CHECK (lead_s >= 0),
    raised_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (item, due_at, lead_s)
);
