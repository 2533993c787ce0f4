-- A column that names an index, which is not there when rows come in.
-- out: blocks preview.kept_rows index named by reg_column_of_an_index.u.c (1 rows)
CREATE TABLE t (a int PRIMARY KEY); CREATE TABLE u (c regclass); INSERT INTO u VALUES ('t_pkey');
