-- A CHECK that reads a setting that the owner has in this database.
-- out: right
-- out plain: blocks production.settings app.region
-- stock: it loads rows as another role, whose setting it is not
-- alone
RESET SESSION AUTHORIZATION;
DO $$ BEGIN EXECUTE format('ALTER ROLE tenant IN DATABASE %I SET app.region = %L', current_database(), 'eu'); END $$;
SET SESSION AUTHORIZATION tenant; SET app.region = 'eu';
CREATE TABLE t (region text CHECK (region = current_setting('app.region')));
INSERT INTO t VALUES ('eu');
