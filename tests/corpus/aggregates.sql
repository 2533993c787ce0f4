-- Aggregates: ordered sets, moving ones, and such as combine.
-- out: right
CREATE FUNCTION last_of(int, int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT coalesce($2, $1)'; CREATE AGGREGATE last_of(ORDER BY int) (SFUNC = last_of, STYPE = int);
CREATE FUNCTION add(int, int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 + $2'; CREATE FUNCTION less(int, int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 - $2';
CREATE AGGREGATE total(int) (SFUNC = add, STYPE = int, INITCOND = '0', COMBINEFUNC = add, PARALLEL = SAFE, MSFUNC = add, MINVFUNC = less, MSTYPE = int, MINITCOND = '0');
CREATE TABLE t (a int); INSERT INTO t VALUES (1), (2); CREATE MATERIALIZED VIEW m AS SELECT total(a) FROM t;
