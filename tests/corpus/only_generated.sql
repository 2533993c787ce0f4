-- A table whose only column is generated.
-- out: right
CREATE TABLE t (g int GENERATED ALWAYS AS (1 + 1) STORED); INSERT INTO t DEFAULT VALUES;
