-- Whom this installation believes: persons, each a line of installations that took over from one another, named by its
-- first. What a line gives and takes is a setting of this file alone. The rows are made from what `site` held until now by
-- the program, which verifies each voucher; `site.trust` and `site.agency` go after that.
CREATE TABLE line (
  root BLOB PRIMARY KEY,
  -- What we called this person on accepting them.
  called TEXT NOT NULL,
  -- 1: ourselves.
  own INTEGER NOT NULL DEFAULT 0,
  -- What they are given: 0 nothing, 1 only what is theirs, 2 everything.
  gives INTEGER NOT NULL,
  -- What is taken of them: 0 nothing, 1 all.
  takes INTEGER NOT NULL,
  -- The agency that they work for, by the name that a release has; empty for one of our own.
  agency TEXT NOT NULL DEFAULT '',
  -- When it was ended, in milliseconds since 1970: nothing of any member is taken from then on, and nothing given.
  ended INTEGER
) WITHOUT ROWID;

-- The line that a site is believed by; none for one that is known as an author only.
ALTER TABLE site ADD COLUMN line BLOB;
-- 0 live, 1 retired by its successor, 2 put to rest by us.
ALTER TABLE site ADD COLUMN state INTEGER NOT NULL DEFAULT 0;
-- Another site of the same person, where no voucher says so and we were told: a file made from a backup.
ALTER TABLE site ADD COLUMN joined BLOB;
-- Whether a site said itself that it took over from the one that its voucher names, or others told so.
ALTER TABLE site ADD COLUMN said INTEGER NOT NULL DEFAULT 0;
