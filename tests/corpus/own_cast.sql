-- A cast of one's own.
-- out: right
CREATE TYPE pair AS (a int, b int); CREATE FUNCTION to_int(pair) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT ($1).a'; CREATE CAST (pair AS int) WITH FUNCTION to_int(pair) AS ASSIGNMENT;
CREATE TABLE t (p pair); INSERT INTO t VALUES (ROW(1, 2));
