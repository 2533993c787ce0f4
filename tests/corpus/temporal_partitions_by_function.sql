-- A partition key that is a function of one's own.
-- out: right
CREATE FUNCTION part(text) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT length($1) % 2'; CREATE TABLE t (a text) PARTITION BY LIST (part(a)); CREATE TABLE t_0 PARTITION OF t FOR VALUES IN (0); CREATE TABLE t_1 PARTITION OF t FOR VALUES IN (1); INSERT INTO t SELECT repeat('x', g) FROM generate_series(1, 20) g;
