-- An index that a failed CREATE INDEX CONCURRENTLY left behind.
-- out: blocks production.invalid_indexes t_a
-- alone
CREATE TABLE t (a int); INSERT INTO t VALUES (1), (1); CREATE INDEX t_a ON t (a); RESET SESSION AUTHORIZATION; UPDATE pg_index SET indisvalid = false WHERE indexrelid = 't_a'::regclass;
