-- States of the main file, told apart by a number that nobody can guess: a new one stands in the first change after every
-- folding of the WAL. base = the one that the main file had when this WAL was begun, so that a WAL beside a main file that
-- was set back since is known for what it is. The last 64 are kept.
CREATE TABLE generation (
  n INTEGER PRIMARY KEY,
  stamp BLOB NOT NULL,
  base INTEGER NOT NULL
);
INSERT INTO generation (n, stamp, base) VALUES (1, randomblob(8), 0);
