-- A materialised view that reads a setting of the database.
-- out: right
-- out plain: blocks production.settings app.unit
-- alone
RESET SESSION AUTHORIZATION;
DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET app.unit = %L', current_database(), 'km'); END $$;
SET SESSION AUTHORIZATION tenant;
SET app.unit = 'km'; CREATE MATERIALIZED VIEW m AS SELECT current_setting('app.unit') AS unit;
