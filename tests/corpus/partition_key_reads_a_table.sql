-- A partition key whose function reads another table.
-- out: blocks preview.reading_definitions partition key of partition_key_reads_a_table.a
CREATE TABLE z_regions (code text PRIMARY KEY, n int); INSERT INTO z_regions VALUES ('eu', 1), ('us', 2);
CREATE FUNCTION region(text) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT n FROM partition_key_reads_a_table.z_regions WHERE code = $1';
CREATE TABLE a (code text) PARTITION BY LIST (region(code));
CREATE TABLE a_1 PARTITION OF a FOR VALUES IN (1); CREATE TABLE a_2 PARTITION OF a FOR VALUES IN (2);
INSERT INTO a VALUES ('eu'), ('us');
