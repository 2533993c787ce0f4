-- A generated column that an older version of its function computed.
-- out: blocks preview.kept_rows generated column generated_by_older_function.t.b (2 rows)
CREATE FUNCTION made(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 * 2';
CREATE TABLE t (a int, b int GENERATED ALWAYS AS (made(a)) STORED); INSERT INTO t (a) VALUES (1), (2);
CREATE OR REPLACE FUNCTION made(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 * 3';
