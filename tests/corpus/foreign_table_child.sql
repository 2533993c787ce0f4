-- A foreign table that inherits: its server is not reached.
-- out: right
-- out plain: blocks databases.superusers_only postgres_fdw
-- alone
RESET SESSION AUTHORIZATION; CREATE EXTENSION IF NOT EXISTS postgres_fdw SCHEMA public;
CREATE SERVER away FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '127.0.0.1', port '1');
GRANT USAGE ON FOREIGN SERVER away TO tenant; SET SESSION AUTHORIZATION tenant;
CREATE TABLE t (id int, body text); CREATE FOREIGN TABLE c () INHERITS (t) SERVER away; INSERT INTO t SELECT g, 'b' FROM generate_series(1, 50) g;
