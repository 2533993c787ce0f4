-- A CHECK whose function was replaced by a stricter one after the rows came.
-- out: blocks preview.kept_rows CHECK t_a_check of function_got_stricter.t (1 rows)
CREATE FUNCTION fine(int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT true';
CREATE TABLE t (a int CHECK (fine(a))); INSERT INTO t VALUES (1), (-1);
CREATE OR REPLACE FUNCTION fine(int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT $1 > 0';
