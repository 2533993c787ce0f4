-- Extended statistics of all kinds, over expressions.
-- out: right
CREATE TABLE t (a int, b int, c text); INSERT INTO t SELECT g % 5, g % 7, g::text FROM generate_series(1, 500) g; CREATE STATISTICS s1 (ndistinct, dependencies, mcv) ON a, b FROM t; CREATE STATISTICS s2 ON (a + b), lower(c) FROM t; ALTER STATISTICS s1 SET STATISTICS 50; ALTER TABLE t ALTER a SET STATISTICS 77, ALTER b SET (n_distinct = -0.5);
