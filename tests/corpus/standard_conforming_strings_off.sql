-- A database in which backslashes escape.
-- out: right
-- stock: pg_dump says what it was read with, and that is the only difference
-- alone
RESET SESSION AUTHORIZATION;
DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET standard_conforming_strings = off', current_database()); END $$;
SET SESSION AUTHORIZATION tenant;
CREATE TABLE t (a text DEFAULT E'a\\b', CHECK (a <> E'\\'));
INSERT INTO t VALUES (E'x\\y'); CREATE INDEX t_part ON t (a) WHERE a <> E'c\\d';
