-- Default privileges, in a schema and everywhere.
-- out: right
-- alone
ALTER DEFAULT PRIVILEGES IN SCHEMA default_privileges GRANT SELECT ON TABLES TO reader; ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC; CREATE TABLE t (a int);
