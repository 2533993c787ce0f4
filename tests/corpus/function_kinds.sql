-- Functions and procedures with all that can be said of them.
-- out: right
CREATE TABLE t (a int, b text); CREATE FUNCTION one(a int DEFAULT 1 + 1, VARIADIC b text[] DEFAULT '{x,"y z"}') RETURNS SETOF t LANGUAGE sql STABLE STRICT PARALLEL SAFE COST 7 ROWS 3 SET work_mem = '1MB' SET search_path = function_kinds, pg_temp AS 'SELECT a, b[1]';
CREATE FUNCTION two(OUT x int, INOUT y anyelement) LANGUAGE plpgsql AS 'BEGIN x := 1; END'; CREATE FUNCTION three(anycompatible, anycompatiblearray) RETURNS TABLE (k int, v anycompatible) LANGUAGE sql AS 'SELECT 1, $1';
CREATE PROCEDURE four(INOUT x int) LANGUAGE plpgsql SECURITY DEFINER AS 'BEGIN COMMIT; x := 2; END'; CREATE FUNCTION five() RETURNS bigint LANGUAGE sql BEGIN ATOMIC INSERT INTO t VALUES (1, 'a'); SELECT count(*) FROM t; END;
REVOKE ALL ON FUNCTION one FROM PUBLIC; GRANT EXECUTE ON PROCEDURE four TO reader; COMMENT ON PROCEDURE four IS 'four';
