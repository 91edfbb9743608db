-- The journal: one row an event, append-only, gapless from 0.
-- entry is the exact text that is hashed; the other columns only find it.
CREATE TABLE journal (
    position INTEGER PRIMARY KEY CHECK (position >= 0),
    stream   INTEGER NOT NULL CHECK (stream >= 0),
    version  INTEGER NOT NULL CHECK (version >= 0),
    entry    TEXT    NOT NULL CHECK (length(CAST(entry AS BLOB)) <= 65535),
    UNIQUE (stream, version)
) STRICT;

CREATE TRIGGER journal_is_never_updated
BEFORE UPDATE ON journal
BEGIN
    SELECT RAISE(ABORT, 'journal is append-only');
END;

CREATE TRIGGER journal_is_never_deleted
BEFORE DELETE ON journal
BEGIN
    SELECT RAISE(ABORT, 'journal is append-only');
END;

-- INSERT OR REPLACE deletes without firing the trigger above; it is stopped here, and so is a gap.
CREATE TRIGGER journal_only_grows
BEFORE INSERT ON journal
WHEN NEW.position IS NOT (SELECT coalesce(max(position), -1) + 1 FROM journal)
    OR NEW.version IS NOT
        (SELECT coalesce(max(version), -1) + 1 FROM journal WHERE stream = NEW.stream)
BEGIN
    SELECT RAISE(ABORT, 'journal is append-only and gapless');
END;

-- Who may write: one row, raised at each start of an engine.
CREATE TABLE owner (
    id    INTEGER PRIMARY KEY CHECK (id = 1),
    epoch INTEGER NOT NULL CHECK (epoch >= 0)
) STRICT;

INSERT INTO owner (id, epoch) VALUES (1, 0);

-- Definitions that orders are pinned to; their text also stands in the journal.
CREATE TABLE definition (
    digest  TEXT    PRIMARY KEY CHECK (length(digest) = 64),
    name    TEXT    NOT NULL,
    version INTEGER NOT NULL,
    text    TEXT    NOT NULL
) STRICT;

-- Where each order is: derived from its events, written in the same transaction.
CREATE TABLE orders (
    stream             INTEGER PRIMARY KEY CHECK (stream > 0),
    source             TEXT    NOT NULL,
    order_id           TEXT    NOT NULL,
    clinic             TEXT    NOT NULL,
    priority           INTEGER NOT NULL CHECK (priority IN (0, 1)),
    content_digest     TEXT    NOT NULL,
    workflow_digest    TEXT    NOT NULL REFERENCES definition (digest),
    version            INTEGER NOT NULL CHECK (version > 0),
    prescription_state TEXT    NOT NULL CHECK (prescription_state IN (
        'draft', 'sending', 'sent', 'accepted', 'accepted_warning', 'rejected', 'canceled',
        'error', 'unknown')),
    parked_kind        TEXT    CHECK (parked_kind IN (
        'in_doubt', 'conflict', 'poison', 'refused', 'compensation')),
    is_open            INTEGER NOT NULL CHECK (is_open IN (0, 1)),
    is_queued          INTEGER NOT NULL CHECK (is_queued IN (0, 1)),
    is_watched         INTEGER NOT NULL CHECK (is_watched IN (0, 1)),
    received_at_ms     INTEGER NOT NULL,
    changed_at_ms      INTEGER NOT NULL,
    view               TEXT    NOT NULL,
    UNIQUE (source, order_id)
) STRICT;

CREATE INDEX orders_by_clinic ON orders (clinic, stream);
CREATE INDEX orders_by_state ON orders (prescription_state, stream);
CREATE INDEX orders_open ON orders (stream) WHERE is_open = 1;
CREATE INDEX orders_queued ON orders (stream) WHERE is_queued = 1;
CREATE INDEX orders_watched ON orders (stream) WHERE is_watched = 1;
CREATE INDEX orders_parked ON orders (stream) WHERE parked_kind IS NOT NULL;

-- What is due, and when: derived as well.
CREATE TABLE work (
    stream    INTEGER NOT NULL REFERENCES orders (stream),
    part      INTEGER NOT NULL CHECK (part >= 0),
    lane      TEXT    NOT NULL,
    priority  INTEGER NOT NULL CHECK (priority IN (0, 1)),
    due_at_ms INTEGER NOT NULL,
    wants     TEXT,
    holds     TEXT,
    PRIMARY KEY (stream, part)
) STRICT, WITHOUT ROWID;

CREATE INDEX work_due ON work (lane, priority, due_at_ms);
-- Two orders never hold one key.
CREATE UNIQUE INDEX work_holds ON work (holds) WHERE holds IS NOT NULL;
