-- Operators and an operator class of one's own, with an index by it.
-- out: right
CREATE FUNCTION lt(int, int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT $1 > $2'; CREATE OPERATOR <<< (FUNCTION = lt, LEFTARG = int, RIGHTARG = int);
CREATE TABLE t (a int); INSERT INTO t SELECT generate_series(1, 50); CREATE INDEX t_desc ON t (a DESC NULLS FIRST);
