-- A table of a thousand columns.
-- out: right
DO $$ BEGIN EXECUTE 'CREATE TABLE t (' || (SELECT string_agg(format('c%s int', g), ', ') FROM generate_series(1, 1000) g) || ')'; END $$; INSERT INTO t (c1, c1000) VALUES (1, 2);
