-- A table that is clustered by one of several indexes.
-- out: right
CREATE TABLE t (id int PRIMARY KEY, a int, b int);
INSERT INTO t SELECT g, g % 7, -g FROM generate_series(1, 500) g;
CREATE INDEX t_a ON t (a); CREATE INDEX t_b ON t (b); ALTER TABLE t CLUSTER ON t_b;
