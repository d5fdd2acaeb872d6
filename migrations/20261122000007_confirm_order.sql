-- Orders to confirm a failure: why agents made attempts outside of their schedule. Signed once,
-- never edited, and kept: a few a day, and they explain the samples that came of them.
-- One target has one open order at a time, whichever collector makes it: the times do not overlap.
CREATE SEQUENCE confirm_order_number AS BIGINT;
CREATE TABLE confirm_order (
    number BIGINT PRIMARY KEY,
    target_id INT NOT NULL,
    seen_by INT NOT NULL,
    slot_at TIMESTAMPTZ NOT NULL,
    issued_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    note TEXT NOT NULL,
    CONSTRAINT confirm_order_one_open EXCLUDE USING gist (
        int4range(target_id, target_id, '[]') WITH &&,
        tstzrange(issued_at, expires_at) WITH &&
    )
);
CREATE INDEX confirm_order_open ON confirm_order (expires_at, target_id);
