-- A CHECK whose truth depends on the TimeZone that the database is set to.
-- out: right
-- alone
RESET SESSION AUTHORIZATION;
DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET TimeZone = %L', current_database(), 'Asia/Tokyo'); END $$;
SET SESSION AUTHORIZATION tenant;
SET TimeZone = 'Asia/Tokyo';
CREATE TABLE t (at timestamptz, day date, CHECK (at::date = day));
INSERT INTO t VALUES ('2026-01-01 23:30Z', '2026-01-02'), ('2026-01-01 10:00Z', '2026-01-01');
