-- Columns compressed in a way of their own.
-- out: right
CREATE TABLE t (a text COMPRESSION pglz, b text); INSERT INTO t VALUES (repeat('a', 10000), repeat('b', 10000));
