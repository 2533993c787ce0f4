-- Operators of pg_catalog on arrays, in a CHECK and in indexes, and an extension in public that has more exact ones.
-- out: right
-- alone
CREATE TABLE t (tags int[] CONSTRAINT known CHECK (tags <@ ARRAY[1, 2, 3]), CHECK (num_nonnulls(tags) >= 0));
INSERT INTO t VALUES ('{1}'), ('{2,3}'), (NULL);
CREATE INDEX t_one ON t (tags) WHERE tags @> ARRAY[1];
RESET SESSION AUTHORIZATION;
CREATE EXTENSION intarray SCHEMA public;
