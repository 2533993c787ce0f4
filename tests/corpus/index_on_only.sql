-- An index of a partitioned table to which no partition's was attached, and one of which some were.
-- out: right
CREATE TABLE p (a int, b int) PARTITION BY LIST (a); CREATE TABLE p_1 PARTITION OF p FOR VALUES IN (1); CREATE TABLE p_n PARTITION OF p FOR VALUES IN (NULL, 2);
CREATE INDEX none ON ONLY p (a); CREATE INDEX half ON ONLY p (b); CREATE INDEX half_1 ON p_1 (b); ALTER INDEX half ATTACH PARTITION half_1; INSERT INTO p VALUES (1, 1), (2, 2), (NULL, 3);
