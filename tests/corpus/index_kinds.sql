-- Indexes of all kinds, with options, orders, included columns and statistics.
-- out: right
CREATE TABLE t (a int, b text, c int[], d point, e int4range, f tsvector, g numeric); INSERT INTO t SELECT g, g::text, ARRAY[g, g + 1], point(g, g), int4range(g, g + 2), to_tsvector('simple', g::text), NULL FROM generate_series(1, 50) g;
CREATE UNIQUE INDEX ON t (a DESC NULLS LAST) INCLUDE (b) WITH (fillfactor = 70, deduplicate_items = off); CREATE UNIQUE INDEX nn ON t (g, a) NULLS NOT DISTINCT; CREATE INDEX ON t USING hash (b);
CREATE INDEX ON t USING brin (a int4_minmax_multi_ops (values_per_range = 16)) WITH (pages_per_range = 2, autosummarize); CREATE INDEX ON t USING gin (c) WITH (fastupdate = off); CREATE INDEX ON t USING gist (d, e); CREATE INDEX ON t USING spgist (d kd_point_ops);
CREATE INDEX ON t (b COLLATE "C" text_pattern_ops) WHERE a % 2 = 0; CREATE INDEX expressions ON t (lower(b), (a + 1)); ALTER INDEX expressions ALTER COLUMN 2 SET STATISTICS 33; CREATE INDEX ON t USING gist (f tsvector_ops (siglen = 200));
