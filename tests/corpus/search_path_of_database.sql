-- Functions in expressions that name others without their schema, found by the database's search_path.
-- out: right
-- stock: it sets an empty search_path
-- alone
-- until 16: an index is built under a search_path of its own from 17 on, where its function finds no other
RESET SESSION AUTHORIZATION;
DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = search_path_of_database, public', current_database()); END $$;
SET SESSION AUTHORIZATION tenant;
CREATE FUNCTION inner_one(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN $1 + 1; END';
CREATE FUNCTION outer_one(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN inner_one($1); END';
CREATE TABLE t (a int CHECK (outer_one(a) > 0), b int GENERATED ALWAYS AS (outer_one(a)) STORED);
INSERT INTO t (a) SELECT generate_series(1, 50); CREATE INDEX t_outer ON t (outer_one(a));
