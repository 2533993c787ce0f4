-- A collation made FROM "C".
-- out: right
CREATE COLLATION plain FROM "C"; CREATE TABLE t (a text COLLATE plain); INSERT INTO t VALUES ('b'), ('B');
