-- A CHECK whose function calls another, which was replaced by a stricter one after the rows came.
-- out: blocks preview.kept_rows CHECK t_a_check of function_of_function_got_stricter.t (1 rows)
CREATE FUNCTION inner_one(int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT true';
CREATE FUNCTION fine(int) RETURNS bool LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN function_of_function_got_stricter.inner_one($1); END';
CREATE TABLE t (a int CHECK (fine(a))); INSERT INTO t VALUES (1), (-1);
CREATE OR REPLACE FUNCTION inner_one(int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT $1 > 0';
