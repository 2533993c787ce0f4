-- A unique constraint that is checked at the end of a transaction.
-- out: right
CREATE TABLE t (a int UNIQUE DEFERRABLE INITIALLY DEFERRED); INSERT INTO t SELECT generate_series(1, 100);
