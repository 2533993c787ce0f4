-- A unique index over a function that was replaced, so that rows are no longer unique.
-- out: blocks preview.kept_rows unique index unique_by_older_function.t_part (1 rows)
CREATE FUNCTION part(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1'; CREATE TABLE t (a int); CREATE UNIQUE INDEX t_part ON t (part(a)); INSERT INTO t VALUES (1), (2);
CREATE OR REPLACE FUNCTION part(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 0';
