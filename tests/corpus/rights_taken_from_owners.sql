-- Owners who may no longer run their functions, use their schema, types and sequences.
-- out: right
-- out plain: blocks production.readable rights_taken_from_owners
CREATE FUNCTION fine(int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT $1 > 0'; CREATE TYPE e AS ENUM ('a'); CREATE SEQUENCE s; CREATE TABLE t (a int PRIMARY KEY CHECK (fine(a)), b e, c int DEFAULT nextval('rights_taken_from_owners.s'), d int REFERENCES t);
INSERT INTO t VALUES (1, 'a', 1, 1), (2, 'a', 2, 1); CREATE INDEX ON t (fine(a)); REVOKE ALL ON FUNCTION fine(int) FROM PUBLIC, tenant; REVOKE ALL ON TYPE e FROM PUBLIC, tenant; REVOKE ALL ON SEQUENCE s FROM tenant; REVOKE ALL ON SCHEMA rights_taken_from_owners FROM tenant;
