-- Columns that were dropped, and ones that came later with a default.
-- out: right
CREATE TABLE t (a int, b text, c int); INSERT INTO t SELECT g, 'b', g FROM generate_series(1, 100) g; ALTER TABLE t DROP b; ALTER TABLE t ADD d text DEFAULT 'later', ADD e timestamptz DEFAULT '2026-01-01Z'; INSERT INTO t VALUES (0, 0, 'new');
