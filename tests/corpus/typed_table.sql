-- A table of a composite type.
-- out: right
CREATE TYPE row_type AS (a int, b text); CREATE TABLE t OF row_type (PRIMARY KEY (a), b WITH OPTIONS DEFAULT 'x'); INSERT INTO t (a) VALUES (1), (2);
