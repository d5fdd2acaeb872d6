-- Who measures what: agents with their keys, and the targets that samples belong to.
CREATE TABLE agent (
    id INT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name TEXT NOT NULL CONSTRAINT agent_name_unique UNIQUE,
    vkey TEXT NOT NULL,
    region TEXT NOT NULL,
    network TEXT NOT NULL,
    enrolled_at TIMESTAMPTZ NOT NULL,
    revoked_at TIMESTAMPTZ
);

CREATE TABLE join_token (
    token_sha256 BYTEA PRIMARY KEY,
    agent TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    used_at TIMESTAMPTZ
);

CREATE TABLE target (
    id INT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name TEXT NOT NULL CONSTRAINT target_name_unique UNIQUE
);
