-- An exclusion constraint over a function that reads another table.
-- out: right
CREATE TABLE z_spans (id int PRIMARY KEY, span int4range); INSERT INTO z_spans VALUES (1, '[1,5)'), (2, '[5,9)');
CREATE FUNCTION span(int) RETURNS int4range LANGUAGE sql IMMUTABLE AS 'SELECT span FROM exclusion_reads_a_table.z_spans WHERE id = $1';
CREATE TABLE a (id int, EXCLUDE USING gist (span(id) WITH &&)); INSERT INTO a VALUES (1), (2);
