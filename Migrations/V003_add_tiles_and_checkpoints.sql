-- The Merkle tree over all entries, in tiles of 256 hashes: derived from the entries, written in the
-- transaction that fills them. What does not fill a tile yet is not stored.
CREATE TABLE tile (
    level  INTEGER NOT NULL CHECK (level BETWEEN 0 AND 7),
    number INTEGER NOT NULL CHECK (number >= 0),
    hashes BLOB    NOT NULL CHECK (length(hashes) = 8192),
    PRIMARY KEY (level, number)
) STRICT;

CREATE TRIGGER tile_is_never_updated
BEFORE UPDATE ON tile
BEGIN
    SELECT RAISE(ABORT, 'tile is append-only');
END;

CREATE TRIGGER tile_is_never_deleted
BEFORE DELETE ON tile
BEGIN
    SELECT RAISE(ABORT, 'tile is append-only');
END;

CREATE TRIGGER tile_only_grows
BEFORE INSERT ON tile
WHEN NEW.number IS NOT
    (SELECT coalesce(max(number), -1) + 1 FROM tile WHERE level = NEW.level)
BEGIN
    SELECT RAISE(ABORT, 'tile is append-only and gapless');
END;

-- Checkpoints that were signed, each kept before it left: size and time only grow.
-- A log that was begun anew after a loss has another origin, and its sizes begin anew with it.
CREATE TABLE checkpoint (
    number     INTEGER PRIMARY KEY CHECK (number >= 0),
    origin     TEXT    NOT NULL CHECK (length(origin) BETWEEN 1 AND 255),
    size       INTEGER NOT NULL CHECK (size > 0),
    root       BLOB    NOT NULL CHECK (length(root) = 32),
    note       TEXT    NOT NULL CHECK (length(CAST(note AS BLOB)) <= 65535),
    made_at_ms INTEGER NOT NULL,
    UNIQUE (origin, size)
) STRICT;

CREATE TRIGGER checkpoint_is_never_updated
BEFORE UPDATE ON checkpoint
BEGIN
    SELECT RAISE(ABORT, 'checkpoint is append-only');
END;

CREATE TRIGGER checkpoint_is_never_deleted
BEFORE DELETE ON checkpoint
BEGIN
    SELECT RAISE(ABORT, 'checkpoint is append-only');
END;

CREATE TRIGGER checkpoint_only_grows
BEFORE INSERT ON checkpoint
WHEN NEW.number IS NOT (SELECT coalesce(max(number), -1) + 1 FROM checkpoint)
    OR NEW.size <= (SELECT coalesce(max(size), 0) FROM checkpoint WHERE origin = NEW.origin)
    OR NEW.size > (SELECT coalesce(max(position), -1) + 1 FROM journal)
    OR NEW.made_at_ms < (SELECT max(made_at_ms) FROM checkpoint)
BEGIN
    SELECT RAISE(ABORT, 'checkpoint only grows');
END;

-- Signature lines of second parties, verified.
CREATE TABLE cosignature (
    origin TEXT    NOT NULL,
    size   INTEGER NOT NULL,
    name   TEXT    NOT NULL CHECK (length(name) BETWEEN 1 AND 255),
    line   TEXT    NOT NULL CHECK (length(CAST(line AS BLOB)) <= 65535),
    PRIMARY KEY (origin, size, line),
    FOREIGN KEY (origin, size) REFERENCES checkpoint (origin, size)
) STRICT;

CREATE TRIGGER cosignature_is_never_updated
BEFORE UPDATE ON cosignature
BEGIN
    SELECT RAISE(ABORT, 'cosignature is append-only');
END;

CREATE TRIGGER cosignature_is_never_deleted
BEFORE DELETE ON cosignature
BEGIN
    SELECT RAISE(ABORT, 'cosignature is append-only');
END;

-- The same line again is no change; without this, INSERT OR REPLACE would be one.
CREATE TRIGGER cosignature_only_grows
BEFORE INSERT ON cosignature
WHEN EXISTS (SELECT 1 FROM cosignature
    WHERE origin = NEW.origin AND size = NEW.size AND line = NEW.line)
BEGIN
    SELECT RAISE(IGNORE);
END;
