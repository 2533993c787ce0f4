-- Views and a materialised view of a role that reads the tenant's table by a grant.
-- out: right
CREATE TABLE t (a int PRIMARY KEY, b text); INSERT INTO t VALUES (1, 'one'); GRANT SELECT ON t TO reader; GRANT USAGE ON SCHEMA view_of_anothers TO reader;
RESET SESSION AUTHORIZATION; CREATE VIEW v AS SELECT a FROM t; ALTER VIEW v OWNER TO reader; CREATE MATERIALIZED VIEW m AS SELECT * FROM t; ALTER MATERIALIZED VIEW m OWNER TO reader;
CREATE VIEW i WITH (security_invoker, security_barrier) AS SELECT b FROM v, t; ALTER VIEW i OWNER TO reader; CREATE UNIQUE INDEX ON m (a);
