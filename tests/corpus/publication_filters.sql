-- Publications with filters of rows and lists of columns.
-- out: right
CREATE TABLE t (a int PRIMARY KEY, b text, c int); INSERT INTO t VALUES (1, 'b', 2); CREATE TABLE u (a int PRIMARY KEY);
CREATE PUBLICATION filtered FOR TABLE t (a, c) WHERE (a > 0 AND c IS NOT NULL), u WITH (publish = 'insert, delete', publish_via_partition_root); CREATE PUBLICATION nothing; COMMENT ON PUBLICATION nothing IS 'nothing';
