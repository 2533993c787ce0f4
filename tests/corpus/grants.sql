-- Grants on columns, with options, by others, to everybody, on sequences, schemas, functions, types.
-- out: right
CREATE TABLE t (a int, b text); CREATE SEQUENCE s; CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE TYPE e AS ENUM ('x'); GRANT USAGE ON SCHEMA grants TO reader; GRANT SELECT (a), UPDATE (b) ON t TO reader; GRANT INSERT ON t TO PUBLIC; GRANT USAGE, UPDATE ON SEQUENCE s TO reader WITH GRANT OPTION; REVOKE EXECUTE ON FUNCTION f() FROM PUBLIC; GRANT EXECUTE ON FUNCTION f() TO reader; REVOKE USAGE ON TYPE e FROM PUBLIC;
