-- A CHECK on the text of bytes.
-- out: right
-- alone
RESET SESSION AUTHORIZATION;
DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET bytea_output = escape', current_database()); END $$;
SET SESSION AUTHORIZATION tenant;
SET bytea_output = escape;
CREATE TABLE t (b bytea CHECK (b::text NOT LIKE '%x%')); INSERT INTO t VALUES ('abc'), ('\001');
