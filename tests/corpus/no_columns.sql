-- A table without columns, with rows.
-- out: right
CREATE TABLE t (); INSERT INTO t DEFAULT VALUES; INSERT INTO t DEFAULT VALUES;
