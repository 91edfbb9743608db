-- How far each endpoint of outgoing webhooks is, and what it said last.
CREATE TABLE webhook (
    id           TEXT    PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 64),
    -- The next entry of the journal that is looked at.
    position     INTEGER NOT NULL CHECK (position >= 0),
    -- Attempts of the event at that position that failed.
    attempt      INTEGER NOT NULL CHECK (attempt >= 0),
    retry_at_ms  INTEGER,
    failure      TEXT    CHECK (length(failure) <= 500),
    is_disabled  INTEGER NOT NULL CHECK (is_disabled IN (0, 1)),
    -- The last dead letter that is to be sent again; nothing when none is.
    reviving_to  INTEGER
) STRICT, WITHOUT ROWID;

-- Events that an endpoint did not take, given up: the newest of them are kept.
CREATE TABLE dead_letter (
    webhook      TEXT    NOT NULL,
    position     INTEGER NOT NULL CHECK (position >= 0),
    attempts     INTEGER NOT NULL CHECK (attempts >= 1),
    died_at_ms   INTEGER NOT NULL,
    reason       TEXT    NOT NULL CHECK (length(reason) <= 500),
    PRIMARY KEY (webhook, position)
) STRICT, WITHOUT ROWID;

-- What calls with an Idempotency-Key were answered that have no stream of an order to stand in. The answer
-- is sealed; old ones go.
CREATE TABLE kept_answer (
    scope        TEXT    NOT NULL CHECK (length(scope) BETWEEN 1 AND 500),
    key          TEXT    NOT NULL CHECK (length(key) BETWEEN 1 AND 64),
    digest       TEXT    NOT NULL,
    status       INTEGER NOT NULL CHECK (status BETWEEN 200 AND 299),
    sealed       TEXT    NOT NULL,
    kept_at_ms   INTEGER NOT NULL,
    PRIMARY KEY (scope, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX kept_answer_by_age ON kept_answer (kept_at_ms);
