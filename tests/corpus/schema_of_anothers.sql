-- A schema of another role's, with the tenant's table in it and the other way round.
-- out: right
CREATE TABLE t (a int PRIMARY KEY); INSERT INTO t VALUES (1); RESET SESSION AUTHORIZATION; CREATE SCHEMA schema_of_anothers_2 AUTHORIZATION reader;
CREATE TABLE schema_of_anothers_2.u (a int REFERENCES t, b serial); ALTER TABLE schema_of_anothers_2.u OWNER TO tenant; INSERT INTO schema_of_anothers_2.u VALUES (1); CREATE TYPE schema_of_anothers_2.e AS ENUM ('x'); ALTER TYPE schema_of_anothers_2.e OWNER TO tenant;
CREATE VIEW v AS SELECT * FROM schema_of_anothers_2.u; ALTER VIEW v OWNER TO reader;
