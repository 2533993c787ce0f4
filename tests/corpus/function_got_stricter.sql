-- A CHECK whose function was replaced by a stricter one after the rows came.
-- out: late t_a_check
CREATE FUNCTION fine(int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT true';
CREATE TABLE t (a int CHECK (fine(a))); INSERT INTO t VALUES (1), (-1);
CREATE OR REPLACE FUNCTION fine(int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT $1 > 0';
