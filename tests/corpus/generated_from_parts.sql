-- Generated columns whose functions have FROM in them, and read nothing.
-- out: right
CREATE FUNCTION half(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT substring($1 FROM 1 FOR length($1) / 2)';
CREATE FUNCTION year(date) RETURNS int LANGUAGE sql IMMUTABLE RETURN extract(year FROM $1)::int;
CREATE FUNCTION most(int[]) RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN (SELECT max(x) FROM unnest($1) x); END';
CREATE TABLE t (a text, d date, i int[], h text GENERATED ALWAYS AS (half(a)) STORED, y int GENERATED ALWAYS AS (year(d)) STORED, m int GENERATED ALWAYS AS (most(i)) STORED);
INSERT INTO t (a, d, i) VALUES ('abcd', '2020-02-02', '{1,3,2}');
