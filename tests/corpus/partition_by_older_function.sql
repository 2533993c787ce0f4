-- A partition key whose function was replaced, so that rows would belong elsewhere.
-- out: blocks preview.kept_rows partition partition_by_older_function.p_0 (1 rows)
CREATE FUNCTION part(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 % 2'; CREATE TABLE p (a int) PARTITION BY LIST (part(a));
CREATE TABLE p_0 PARTITION OF p FOR VALUES IN (0); CREATE TABLE p_1 PARTITION OF p FOR VALUES IN (1); INSERT INTO p VALUES (1), (2);
CREATE OR REPLACE FUNCTION part(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT ($1 + 1) % 2';
