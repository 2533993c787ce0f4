-- A domain's CHECK that old values do not keep, and is not validated.
-- out: right
-- stock: it loads rows in any order, and values through every check
CREATE DOMAIN d AS int; CREATE TABLE t (a d); INSERT INTO t VALUES (-1), (1);
ALTER DOMAIN d ADD CONSTRAINT positive CHECK (VALUE > 0) NOT VALID;
