-- Hash partitions on an array of an enum.
-- out: blocks production.hash_partitions hash_partitions_enum_array.t
CREATE TYPE mood AS ENUM ('sad', 'so', 'happy', 'mad', 'glad', 'blue', 'red', 'green');
CREATE TABLE t (m mood[], id int) PARTITION BY HASH (m);
CREATE TABLE t_0 PARTITION OF t FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE t_1 PARTITION OF t FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO t SELECT ARRAY[e], g FROM unnest(enum_range(NULL::mood)) e, generate_series(1, 5) g;
