-- Functions that were replaced after their CHECK, generated column and domain were made, and say the same.
-- out: right
CREATE FUNCTION fine(int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT $1 > 0';
CREATE FUNCTION twice(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 * 2'; CREATE DOMAIN d AS int CHECK (fine(VALUE));
CREATE TABLE t (a int CHECK (fine(a)), b int GENERATED ALWAYS AS (twice(a)) STORED, c d); INSERT INTO t (a, c) VALUES (1, 2), (2, NULL);
CREATE OR REPLACE FUNCTION fine(int) RETURNS bool LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN $1 >= 1; END';
CREATE OR REPLACE FUNCTION twice(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN $1 + $1; END';
