-- Values that are stored elsewhere, compressed and not.
-- out: right
CREATE TABLE t (a text, b text, c bytea); ALTER TABLE t ALTER b SET STORAGE EXTERNAL, ALTER c SET STORAGE MAIN;
INSERT INTO t SELECT repeat('x', 300000), string_agg(md5(g::text), ''), decode(repeat('00ff', 50000), 'hex') FROM generate_series(1, 5000) g;
