-- A domain with a default that is NOT NULL, and a column that overrides it.
-- out: right
CREATE DOMAIN d AS text NOT NULL DEFAULT 'd'; CREATE TABLE t (a d, b d DEFAULT 'b'); INSERT INTO t DEFAULT VALUES;
