-- A foreign table as a partition: its server is not reached.
-- out: right
-- out plain: blocks databases.superusers_only postgres_fdw
-- alone
RESET SESSION AUTHORIZATION; CREATE EXTENSION IF NOT EXISTS postgres_fdw SCHEMA public;
CREATE SERVER away FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '127.0.0.1', port '1');
GRANT USAGE ON FOREIGN SERVER away TO tenant; SET SESSION AUTHORIZATION tenant;
CREATE USER MAPPING FOR tenant SERVER away OPTIONS (user 'u', password 'p');
CREATE TABLE t (id int, body text) PARTITION BY RANGE (id); CREATE TABLE t_1 PARTITION OF t FOR VALUES FROM (1) TO (100);
CREATE FOREIGN TABLE t_2 PARTITION OF t FOR VALUES FROM (100) TO (200) SERVER away; INSERT INTO t SELECT g, 'b' FROM generate_series(1, 50) g;
