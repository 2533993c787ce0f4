-- Columns of composite types, of tables' rows, and arrays of them, with attributes dropped and added.
-- out: right
CREATE TYPE pair AS (a int, gone text, b text); CREATE TABLE row_of (x int, y pair); CREATE TABLE t (p pair, r row_of, a pair[], d row_of[]);
ALTER TYPE pair DROP ATTRIBUTE gone, ADD ATTRIBUTE c numeric(5,2); INSERT INTO t VALUES ((1, 'x,"y"', 2.5), (1, (2, NULL, 3)), ARRAY[(1, '', 1)::pair, NULL], '{}'), (NULL, (NULL, NULL), NULL, ARRAY[(1, (2, E'a\\\n', 3)::pair)::row_of]);
ALTER TABLE row_of ADD COLUMN z bool; INSERT INTO t (r) VALUES ((1, (1, 'a', 1), true));
