-- Keys of several columns, partial, included, deferred, NULLS NOT DISTINCT.
-- out: right
CREATE TABLE p (a int, b text, c int, PRIMARY KEY (a, b) INCLUDE (c), UNIQUE NULLS NOT DISTINCT (c)); CREATE UNIQUE INDEX p_part ON p (b) WHERE a > 5;
INSERT INTO p SELECT g, 'b' || g, nullif(g, 1) FROM generate_series(1, 9) g;
CREATE TABLE c (a int, b text, FOREIGN KEY (a, b) REFERENCES p MATCH FULL ON DELETE SET NULL ON UPDATE CASCADE DEFERRABLE INITIALLY DEFERRED); INSERT INTO c VALUES (1, 'b1'), (NULL, NULL);
