-- Materialised views on each other, made in an order that their names do not tell.
-- out: right
CREATE TABLE t (a int); INSERT INTO t SELECT generate_series(1, 30);
CREATE MATERIALIZED VIEW z AS SELECT a % 5 AS m, count(*) AS n FROM t GROUP BY 1; CREATE MATERIALIZED VIEW a AS SELECT sum(n) AS n FROM z;
CREATE MATERIALIZED VIEW empty AS SELECT 1 AS one WITH NO DATA; CREATE UNIQUE INDEX z_m ON z (m);
