-- The log towards those outside: tiles for mirrors, cosignatures of witnesses that are no agents,
-- checkpoints posted to counterparties.

-- One row for each complete subtree of 256^(level + 1) leaves: the root of a full tile, which is a
-- hash of the tile above it. Derived from log_entry, one row for 255 leaves, so that a tile of any
-- level is read as 256 rows. Leaves themselves are in log_entry.
CREATE TABLE log_tile (
    level SMALLINT NOT NULL CONSTRAINT log_tile_level_range CHECK (level BETWEEN 0 AND 6),
    idx BIGINT NOT NULL CONSTRAINT log_tile_idx_not_negative CHECK (idx >= 0),
    root BYTEA NOT NULL CONSTRAINT log_tile_root_is_sha256 CHECK (length(root) = 32),
    PRIMARY KEY (level, idx)
);

-- Cosignatures of configured witnesses, by the name and id of their key. Kept apart from those of
-- agents: they date nothing, so that what is late does not depend on who else was asked.
CREATE TABLE outside_cosignature (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    size BIGINT NOT NULL REFERENCES checkpoint (size),
    witness TEXT NOT NULL,
    key_id BYTEA NOT NULL CONSTRAINT outside_cosignature_key_id_length CHECK (length(key_id) = 4),
    signed_at TIMESTAMPTZ NOT NULL,
    line TEXT NOT NULL,
    CONSTRAINT outside_cosignature_once UNIQUE (size, witness, key_id)
);
CREATE INDEX outside_cosignature_witness ON outside_cosignature (witness, key_id, size);

-- The checkpoint of a day for a counterparty: one row a day, delivered once.
CREATE TABLE checkpoint_post (
    name TEXT NOT NULL,
    day DATE NOT NULL,
    tries INT NOT NULL,
    tried_at TIMESTAMPTZ NOT NULL,
    -- Why the last try failed, in our own words: never an address, which may hold a secret.
    failure TEXT,
    size BIGINT REFERENCES checkpoint (size),
    delivered_at TIMESTAMPTZ,
    PRIMARY KEY (name, day),
    CONSTRAINT checkpoint_post_delivered_has_size CHECK ((delivered_at IS NULL) = (size IS NULL)),
    CONSTRAINT checkpoint_post_failed_or_delivered
        CHECK ((delivered_at IS NULL) <> (failure IS NULL))
);
