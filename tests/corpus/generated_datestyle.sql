-- A generated column whose function prints a date, in a database with a DateStyle of its own.
-- out: right
-- alone
RESET SESSION AUTHORIZATION;
DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET DateStyle = %L', current_database(), 'German, DMY'); END $$;
SET SESSION AUTHORIZATION tenant;
SET DateStyle = 'German, DMY';
CREATE FUNCTION printed(d date) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT d::text';
CREATE TABLE t (d date, p text GENERATED ALWAYS AS (printed(d)) STORED);
INSERT INTO t VALUES ('31.12.2026'), ('01.02.2026');
