-- A generated column whose function reads another table.
-- out: blocks preview.reading_definitions generated column generated_reads_a_table.a.rate
CREATE TABLE z_rates (kind int PRIMARY KEY, rate int); INSERT INTO z_rates VALUES (1, 10), (2, 20);
CREATE FUNCTION rate(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT rate FROM generated_reads_a_table.z_rates WHERE kind = $1';
CREATE TABLE a (kind int, rate int GENERATED ALWAYS AS (rate(kind)) STORED); INSERT INTO a (kind) VALUES (1), (2);
