-- Functions of every language at hand, with defaults, variadic, out parameters, settings, bodies in SQL.
-- out: right
CREATE FUNCTION a(int DEFAULT 3, VARIADIC text[] DEFAULT '{}') RETURNS int LANGUAGE sql AS 'SELECT $1'; CREATE FUNCTION b(OUT x int, OUT y text) LANGUAGE plpgsql SECURITY DEFINER SET search_path = functions, pg_temp SET work_mem = '7MB' AS 'BEGIN x := 1; y := 2; END';
CREATE FUNCTION c(x int) RETURNS int LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 9 BEGIN ATOMIC SELECT x * 2; END; CREATE PROCEDURE d(INOUT n int) LANGUAGE plpgsql AS 'BEGIN n := n + 1; END'; CREATE FUNCTION e() RETURNS SETOF int LANGUAGE sql ROWS 7 AS 'SELECT 1'; CREATE AGGREGATE total(int) (SFUNC = int4pl, STYPE = int, INITCOND = '0');
