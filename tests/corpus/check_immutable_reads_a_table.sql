-- A CHECK whose function is declared IMMUTABLE and reads another table all the same.
-- out: right
-- stock: it loads rows in any order, and values through every check
CREATE TABLE z_allowed (code text PRIMARY KEY); INSERT INTO z_allowed VALUES ('a'), ('b');
CREATE FUNCTION allowed(text) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT EXISTS (SELECT FROM check_immutable_reads_a_table.z_allowed WHERE code = $1)';
CREATE TABLE a (code text CHECK (allowed(code))); INSERT INTO a VALUES ('a'), ('b');
