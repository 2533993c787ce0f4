-- Rows that refer to later ones of the same table.
-- out: right
CREATE TABLE t (id int PRIMARY KEY, next int REFERENCES t DEFERRABLE INITIALLY DEFERRED); INSERT INTO t SELECT g, nullif(g + 1, 201) FROM generate_series(1, 200) g;
