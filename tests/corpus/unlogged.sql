-- An unlogged table and its sequence.
-- out: right
CREATE UNLOGGED TABLE t (id serial PRIMARY KEY, a text); INSERT INTO t (a) SELECT 'x' FROM generate_series(1, 50);
