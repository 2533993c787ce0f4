-- A CHECK that reads a setting that the database has.
-- out: right
-- out plain: blocks production.settings app.tenant
-- alone
RESET SESSION AUTHORIZATION;
DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET app.tenant = %L', current_database(), 'acme'); END $$;
SET SESSION AUTHORIZATION tenant;
SET app.tenant = 'acme';
CREATE TABLE t (tenant text CHECK (tenant = current_setting('app.tenant')));
INSERT INTO t VALUES ('acme');
