-- A domain whose CHECK reads a table, by a function that another calls.
-- out: blocks preview.reading_definitions CHECK d_check of domain domain_reads_a_table.d
CREATE TABLE z_codes (code text PRIMARY KEY); INSERT INTO z_codes VALUES ('a');
CREATE FUNCTION there(text) RETURNS bool LANGUAGE sql STABLE AS 'SELECT EXISTS (SELECT FROM domain_reads_a_table.z_codes WHERE code = $1)';
CREATE FUNCTION good(text) RETURNS bool LANGUAGE plpgsql STABLE AS 'BEGIN RETURN domain_reads_a_table.there($1); END';
CREATE DOMAIN d AS text CHECK (domain_reads_a_table.good(VALUE)); CREATE TABLE a (code d); INSERT INTO a VALUES ('a');
