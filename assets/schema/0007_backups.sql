-- How often something was taken out of the journal, or written anew in it. As long as this stands still, a backup need only
-- hold what came since the one before.
CREATE TABLE rewritten (times INTEGER NOT NULL);
INSERT INTO rewritten (times) VALUES (0);
CREATE TRIGGER batch_removed AFTER DELETE ON batch BEGIN UPDATE rewritten SET times = times + 1; END;
-- (A signature that comes later, under a batch that had none, is no other content.)
CREATE TRIGGER batch_rewritten AFTER UPDATE OF body ON batch BEGIN UPDATE rewritten SET times = times + 1; END;

-- The backups that the program made by itself, each verified: the only ones that it ever takes away. before is the one that
-- it goes on from, empty for a whole one; batch, rewritten, access and tables say how far it reaches.
CREATE TABLE backup (
  sequence INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  hash BLOB NOT NULL,
  bytes INTEGER NOT NULL,
  made TEXT NOT NULL,
  before INTEGER,
  batch INTEGER NOT NULL,
  rewritten INTEGER NOT NULL,
  access INTEGER NOT NULL,
  tables BLOB NOT NULL
);
