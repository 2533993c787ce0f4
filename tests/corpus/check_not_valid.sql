-- A CHECK that old rows do not keep, and is not validated.
-- out: right
CREATE TABLE t (a int); INSERT INTO t VALUES (-1), (1); ALTER TABLE t ADD CONSTRAINT t_a CHECK (a > 0) NOT VALID;
