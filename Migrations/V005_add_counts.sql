-- When an order first stood with the clinic, or behind that: its way from the sender to there is what is timed.
ALTER TABLE orders ADD COLUMN sent_at_ms INTEGER;

-- How many orders stand where: derived from orders by the triggers below.
CREATE TABLE order_count (
    clinic             TEXT    NOT NULL,
    workflow_digest    TEXT    NOT NULL,
    prescription_state TEXT    NOT NULL,
    -- Empty for an order that is not parked.
    parked_kind        TEXT    NOT NULL,
    is_open            INTEGER NOT NULL CHECK (is_open IN (0, 1)),
    -- No CHECK: a count that went wrong must never keep an order from being written.
    count              INTEGER NOT NULL,
    PRIMARY KEY (clinic, workflow_digest, prescription_state, parked_kind, is_open)
) STRICT, WITHOUT ROWID;

-- What happened to orders in each hour since 1970 in UTC; sent ones by how long they took from being received.
CREATE TABLE order_hour (
    hour   INTEGER NOT NULL,
    -- received, accepted, rejected, settled; sent_10s, _1m, _5m, _15m, _1h, _4h, _1d, _later.
    kind   TEXT    NOT NULL,
    clinic TEXT    NOT NULL,
    count  INTEGER NOT NULL,
    PRIMARY KEY (hour, kind, clinic)
) STRICT, WITHOUT ROWID;

-- Between which streams the orders stand that were received in an hour: numbers need not come in order of time.
CREATE TABLE order_span (
    hour         INTEGER PRIMARY KEY,
    first_stream INTEGER NOT NULL,
    last_stream  INTEGER NOT NULL
) STRICT;

-- What the rows there are tell.
INSERT INTO order_count (clinic, workflow_digest, prescription_state, parked_kind, is_open, count)
SELECT clinic, workflow_digest, prescription_state, coalesce(parked_kind, ''), is_open, count(*)
FROM orders GROUP BY 1, 2, 3, 4, 5;

INSERT INTO order_span (hour, first_stream, last_stream)
SELECT received_at_ms / 3600000, min(stream), max(stream) FROM orders GROUP BY 1;

-- What the journal tells of the prescriptions' states; no other member of an entry begins like this.
CREATE TABLE move AS
SELECT stream, version, kind, came_from, at_ms FROM (
    SELECT stream, version,
        CASE WHEN instr(entry, '"kind":"prescription.') > 0 THEN json_extract(entry, '$.kind') END
            AS kind,
        CASE WHEN instr(entry, '"kind":"prescription.') > 0 THEN json_extract(entry, '$.data.from')
            END AS came_from,
        CASE WHEN instr(entry, '"kind":"prescription.') > 0 THEN json_extract(entry, '$.at_ms') END
            AS at_ms
    FROM journal WHERE stream > 0)
WHERE kind IN ('prescription.sent/1', 'prescription.accepted/1', 'prescription.accepted_warning/1',
    'prescription.rejected/1');

CREATE INDEX move_of_stream ON move (stream, version, at_ms);

UPDATE orders SET sent_at_ms =
    (SELECT at_ms FROM move WHERE move.stream = orders.stream ORDER BY version LIMIT 1);

INSERT INTO order_hour (hour, kind, clinic, count)
SELECT hour, kind, clinic, count(*) FROM (
    SELECT received_at_ms / 3600000 AS hour, 'received' AS kind, clinic FROM orders
    UNION ALL
    SELECT sent_at_ms / 3600000,
        CASE
            WHEN sent_at_ms - received_at_ms <= 10000 THEN 'sent_10s'
            WHEN sent_at_ms - received_at_ms <= 60000 THEN 'sent_1m'
            WHEN sent_at_ms - received_at_ms <= 300000 THEN 'sent_5m'
            WHEN sent_at_ms - received_at_ms <= 900000 THEN 'sent_15m'
            WHEN sent_at_ms - received_at_ms <= 3600000 THEN 'sent_1h'
            WHEN sent_at_ms - received_at_ms <= 14400000 THEN 'sent_4h'
            WHEN sent_at_ms - received_at_ms <= 86400000 THEN 'sent_1d'
            ELSE 'sent_later'
        END, clinic
    FROM orders WHERE sent_at_ms IS NOT NULL
    UNION ALL
    SELECT move.at_ms / 3600000, 'accepted', clinic FROM move JOIN orders USING (stream)
    WHERE move.kind IN ('prescription.accepted/1', 'prescription.accepted_warning/1')
        AND came_from NOT IN ('accepted', 'accepted_warning')
    UNION ALL
    SELECT move.at_ms / 3600000, 'rejected', clinic FROM move JOIN orders USING (stream)
    WHERE move.kind = 'prescription.rejected/1'
    UNION ALL
    -- When an order of before was settled is not kept; it is counted where it last changed.
    SELECT changed_at_ms / 3600000, 'settled', clinic FROM orders WHERE is_open = 0)
GROUP BY 1, 2, 3;

DROP TABLE move;

CREATE TRIGGER order_is_counted
AFTER INSERT ON orders
BEGIN
    INSERT INTO order_count
        (clinic, workflow_digest, prescription_state, parked_kind, is_open, count)
    VALUES (NEW.clinic, NEW.workflow_digest, NEW.prescription_state,
        coalesce(NEW.parked_kind, ''), NEW.is_open, 1)
    ON CONFLICT DO UPDATE SET count = count + 1;
    INSERT INTO order_hour (hour, kind, clinic, count)
    VALUES (NEW.received_at_ms / 3600000, 'received', NEW.clinic, 1)
    ON CONFLICT DO UPDATE SET count = count + 1;
    INSERT INTO order_span (hour, first_stream, last_stream)
    VALUES (NEW.received_at_ms / 3600000, NEW.stream, NEW.stream)
    ON CONFLICT DO UPDATE SET first_stream = min(first_stream, excluded.first_stream),
        last_stream = max(last_stream, excluded.last_stream);
END;

CREATE TRIGGER order_is_counted_anew
AFTER UPDATE OF prescription_state, parked_kind, is_open ON orders
WHEN NEW.prescription_state IS NOT OLD.prescription_state
    OR NEW.parked_kind IS NOT OLD.parked_kind OR NEW.is_open IS NOT OLD.is_open
BEGIN
    UPDATE order_count SET count = count - 1
    WHERE clinic = OLD.clinic AND workflow_digest = OLD.workflow_digest
        AND prescription_state = OLD.prescription_state
        AND parked_kind = coalesce(OLD.parked_kind, '') AND is_open = OLD.is_open;
    INSERT INTO order_count
        (clinic, workflow_digest, prescription_state, parked_kind, is_open, count)
    VALUES (NEW.clinic, NEW.workflow_digest, NEW.prescription_state,
        coalesce(NEW.parked_kind, ''), NEW.is_open, 1)
    ON CONFLICT DO UPDATE SET count = count + 1;
END;

CREATE TRIGGER order_is_sent
AFTER UPDATE OF sent_at_ms ON orders
WHEN OLD.sent_at_ms IS NULL AND NEW.sent_at_ms IS NOT NULL
BEGIN
    INSERT INTO order_hour (hour, kind, clinic, count)
    VALUES (NEW.sent_at_ms / 3600000,
        CASE
            WHEN NEW.sent_at_ms - NEW.received_at_ms <= 10000 THEN 'sent_10s'
            WHEN NEW.sent_at_ms - NEW.received_at_ms <= 60000 THEN 'sent_1m'
            WHEN NEW.sent_at_ms - NEW.received_at_ms <= 300000 THEN 'sent_5m'
            WHEN NEW.sent_at_ms - NEW.received_at_ms <= 900000 THEN 'sent_15m'
            WHEN NEW.sent_at_ms - NEW.received_at_ms <= 3600000 THEN 'sent_1h'
            WHEN NEW.sent_at_ms - NEW.received_at_ms <= 14400000 THEN 'sent_4h'
            WHEN NEW.sent_at_ms - NEW.received_at_ms <= 86400000 THEN 'sent_1d'
            ELSE 'sent_later'
        END, NEW.clinic, 1)
    ON CONFLICT DO UPDATE SET count = count + 1;
END;

CREATE TRIGGER order_is_accepted
AFTER UPDATE OF prescription_state ON orders
WHEN NEW.prescription_state IN ('accepted', 'accepted_warning')
    AND OLD.prescription_state NOT IN ('accepted', 'accepted_warning')
BEGIN
    INSERT INTO order_hour (hour, kind, clinic, count)
    VALUES (NEW.changed_at_ms / 3600000, 'accepted', NEW.clinic, 1)
    ON CONFLICT DO UPDATE SET count = count + 1;
END;

CREATE TRIGGER order_is_rejected
AFTER UPDATE OF prescription_state ON orders
WHEN NEW.prescription_state = 'rejected' AND OLD.prescription_state <> 'rejected'
BEGIN
    INSERT INTO order_hour (hour, kind, clinic, count)
    VALUES (NEW.changed_at_ms / 3600000, 'rejected', NEW.clinic, 1)
    ON CONFLICT DO UPDATE SET count = count + 1;
END;

CREATE TRIGGER order_is_settled
AFTER UPDATE OF is_open ON orders
WHEN OLD.is_open = 1 AND NEW.is_open = 0
BEGIN
    INSERT INTO order_hour (hour, kind, clinic, count)
    VALUES (NEW.changed_at_ms / 3600000, 'settled', NEW.clinic, 1)
    ON CONFLICT DO UPDATE SET count = count + 1;
END;
