-- Domains over domains, arrays of domains, composites with domains.
-- out: right
CREATE DOMAIN d AS int CHECK (VALUE > 0); CREATE DOMAIN dd AS d CHECK (VALUE < 100) DEFAULT 5; CREATE TYPE c AS (a dd, b d[]);
CREATE TABLE t (x dd, y d[], z c); INSERT INTO t VALUES (1, '{1,2}', ROW(3, '{4}')), (DEFAULT, NULL, NULL);
