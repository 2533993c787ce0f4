-- An index over what depends on the IntervalStyle.
-- out: right
-- alone
RESET SESSION AUTHORIZATION;
DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET IntervalStyle = %L', current_database(), 'iso_8601'); END $$;
SET SESSION AUTHORIZATION tenant;
SET IntervalStyle = 'iso_8601';
CREATE FUNCTION said(i interval) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT i::text';
CREATE TABLE t (i interval, UNIQUE (i), CHECK (said(i) LIKE 'P%'));
INSERT INTO t VALUES ('3 days'), ('1 month 2 hours');
CREATE INDEX t_said ON t (said(i));
