-- A view whose GROUP BY needs the primary key, which comes after the rows.
-- out: right
CREATE TABLE t (id int PRIMARY KEY, a text); INSERT INTO t VALUES (1, 'a'); CREATE VIEW v AS SELECT id, a FROM t GROUP BY id; CREATE MATERIALIZED VIEW m AS SELECT id, a, count(*) FROM t GROUP BY id;
