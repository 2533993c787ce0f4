-- A domain's CHECK whose function was replaced by a stricter one after the values came.
-- out: blocks preview.kept_rows CHECK d_check of domain domain_got_stricter.d in domain_got_stricter.t
CREATE FUNCTION fine(int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT true'; CREATE DOMAIN d AS int CHECK (fine(VALUE));
CREATE TABLE t (a d); INSERT INTO t VALUES (1), (-1);
CREATE OR REPLACE FUNCTION fine(int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT $1 > 0';
