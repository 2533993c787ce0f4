-- Extensions in a schema of their own, and columns of their types.
-- out: right
RESET SESSION AUTHORIZATION; CREATE EXTENSION hstore SCHEMA extensions; CREATE EXTENSION citext SCHEMA extensions; CREATE EXTENSION pg_trgm SCHEMA extensions; CREATE EXTENSION btree_gin SCHEMA extensions; GRANT USAGE ON SCHEMA extensions TO tenant;
SET SESSION AUTHORIZATION tenant; CREATE TABLE t (h hstore, c citext UNIQUE, n text); INSERT INTO t VALUES ('a=>1', 'Ab', 'name'); CREATE INDEX t_n ON t USING gin (n gin_trgm_ops);
