-- Storage parameters of table, TOAST and index.
-- out: right
CREATE TABLE t (a text) WITH (fillfactor = 50, autovacuum_enabled = off, toast.autovacuum_enabled = off, parallel_workers = 2); CREATE INDEX t_a ON t (a) WITH (fillfactor = 60, deduplicate_items = off); CREATE INDEX t_brin ON t USING brin (a) WITH (pages_per_range = 4);
