-- Until when the clinic may still change an order at Provet: the reconciler looks at these.
-- Open orders are watched for ever, settled ones until nothing can be dispensed any more.
ALTER TABLE orders ADD COLUMN watched_until_ms INTEGER;

UPDATE orders SET watched_until_ms = 9223372036854775807 WHERE is_watched = 1;

-- Settled orders were not watched before; what is known of them stands in their first event.
UPDATE orders SET is_watched = 1, watched_until_ms = (
        SELECT json_extract(entry, '$.data.expires_at_ms') FROM journal
        WHERE journal.stream = orders.stream AND journal.version = 0)
WHERE is_open = 0 AND prescription_state NOT IN ('rejected', 'canceled')
    AND json_extract(view, '$.prescription.provet_id') IS NOT NULL;

DROP INDEX orders_watched;
CREATE INDEX orders_watched_open ON orders (clinic, stream) WHERE is_watched = 1 AND is_open = 1;
CREATE INDEX orders_watched_settled ON orders (clinic, stream)
    WHERE is_watched = 1 AND is_open = 0;

-- What of the clinic's an order speaks of: its client, its animals, its sale. Derived from events,
-- only ever added to.
CREATE TABLE order_reference (
    clinic TEXT    NOT NULL,
    kind   TEXT    NOT NULL CHECK (kind IN (
        'client', 'patient', 'consultation', 'prescription', 'sale', 'invoice', 'payment',
        'home_delivery_order', 'home_delivery_item')),
    id     INTEGER NOT NULL,
    stream INTEGER NOT NULL REFERENCES orders (stream),
    PRIMARY KEY (clinic, kind, id, stream)
) STRICT, WITHOUT ROWID;

INSERT OR IGNORE INTO order_reference (clinic, kind, id, stream)
SELECT clinic, 'client', json_extract(entry, '$.data.client_id'), orders.stream
FROM orders JOIN journal ON journal.stream = orders.stream AND journal.version = 0;

INSERT OR IGNORE INTO order_reference (clinic, kind, id, stream)
SELECT clinic, 'consultation', json_extract(entry, '$.data.prescription.consultation_id'),
    orders.stream
FROM orders JOIN journal ON journal.stream = orders.stream AND journal.version = 0
WHERE json_type(entry, '$.data.prescription.consultation_id') = 'integer';

INSERT OR IGNORE INTO order_reference (clinic, kind, id, stream)
SELECT clinic, 'patient', patient.value, orders.stream
FROM orders JOIN journal ON journal.stream = orders.stream AND journal.version = 0,
    json_each(entry, '$.data.prescription.prescription_items') AS item,
    json_each(item.value, '$.patients') AS patient
WHERE patient.type = 'integer';

INSERT OR IGNORE INTO order_reference (clinic, kind, id, stream)
SELECT clinic,
    CASE json_extract(entry, '$.data.action')
        WHEN 'provet.create_prescription' THEN 'prescription'
        WHEN 'provet.create_counter_sale' THEN 'sale'
        ELSE 'payment'
    END,
    json_extract(entry, '$.data.receipt.id'), orders.stream
FROM orders JOIN journal ON journal.stream = orders.stream
WHERE json_extract(entry, '$.kind') IN ('effect.confirmed/1', 'effect.adopted/1')
    AND json_extract(entry, '$.data.action') IN (
        'provet.create_prescription', 'provet.create_counter_sale', 'provet.add_payment')
    AND json_type(entry, '$.data.receipt.id') = 'integer';

INSERT OR IGNORE INTO order_reference (clinic, kind, id, stream)
SELECT clinic, 'invoice', json_extract(entry, '$.data.receipt.invoice'), orders.stream
FROM orders JOIN journal ON journal.stream = orders.stream
WHERE json_extract(entry, '$.kind') IN ('effect.confirmed/1', 'effect.adopted/1')
    AND json_type(entry, '$.data.receipt.invoice') = 'integer';

-- Clinics that were added while the server ran; the secret is sealed with a key that stands elsewhere.
CREATE TABLE clinic (
    id          TEXT    PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 64),
    settings    TEXT    NOT NULL CHECK (json_valid(settings)),
    sealed      TEXT    NOT NULL,
    is_disabled INTEGER NOT NULL CHECK (is_disabled IN (0, 1))
) STRICT;
