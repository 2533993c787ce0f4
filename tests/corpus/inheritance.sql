-- A table with two parents, and a column of each.
-- out: right
CREATE TABLE p (a int CHECK (a > 0)); CREATE TABLE q (b text NOT NULL); CREATE TABLE c (d int) INHERITS (p, q); INSERT INTO p VALUES (1); INSERT INTO q VALUES ('q'); INSERT INTO c VALUES (2, 'c', 3);
