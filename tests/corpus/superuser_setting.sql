-- A setting of the database that only a superuser can give.
-- out: right
-- out plain: blocks production.settings session_replication_role
-- alone
RESET SESSION AUTHORIZATION;
RESET SESSION AUTHORIZATION;
DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET session_replication_role = origin', current_database()); END $$;
SET SESSION AUTHORIZATION tenant;
SET SESSION AUTHORIZATION tenant; CREATE TABLE t (a int);
