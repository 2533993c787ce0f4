-- A function in SQL whose body needs a view, which needs a function.
-- out: right
CREATE FUNCTION one() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; END; CREATE VIEW v AS SELECT one() AS n; CREATE FUNCTION two() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT sum(n) FROM v; END; CREATE VIEW w AS SELECT two() AS n;
