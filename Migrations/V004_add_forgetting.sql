-- What was asked to be forgotten: which of a client's two keys may be destroyed when, and whether it was.
-- A subject is the word by which entries name a client; whom it stands for is known to the key file alone.
CREATE TABLE forgetting (
    subject      TEXT    NOT NULL,
    class        TEXT    NOT NULL CHECK (class IN ('record', 'rest')),
    due_at_ms    INTEGER NOT NULL,
    erased_at_ms INTEGER,
    PRIMARY KEY (subject, class)
) STRICT, WITHOUT ROWID;

-- Subjects of whom nothing may be destroyed for now.
CREATE TABLE legal_hold (
    subject TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;
