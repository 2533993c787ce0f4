-- Rows that a unique index let pass before the operating system's collations changed.
-- out: blocks production.kept_rows unique index duplicate_rows.t_a (1 rows)
-- alone
CREATE TABLE t (a text COLLATE "und-x-icu"); CREATE UNIQUE INDEX t_a ON t (a); INSERT INTO t VALUES ('one'), ('two'); RESET SESSION AUTHORIZATION;
UPDATE pg_index SET indisready = false WHERE indexrelid = 't_a'::regclass; INSERT INTO t VALUES ('one'); UPDATE pg_index SET indisready = true WHERE indexrelid = 't_a'::regclass;
UPDATE pg_collation SET collversion = '0' WHERE collname = 'und-x-icu' AND collnamespace = 'pg_catalog'::regnamespace;
