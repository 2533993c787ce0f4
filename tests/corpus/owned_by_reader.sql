-- Objects of another role among the tenant's.
-- out: right
RESET SESSION AUTHORIZATION; GRANT CREATE, USAGE ON SCHEMA owned_by_reader TO reader; CREATE TABLE t (a int PRIMARY KEY, b int CHECK (b > 0)); INSERT INTO t VALUES (1, 1); ALTER TABLE t OWNER TO reader; CREATE FUNCTION f(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1'; ALTER FUNCTION f(int) OWNER TO reader; CREATE INDEX t_f ON t (f(b));
