-- An index whose predicate reads another table.
-- out: right
CREATE TABLE z_flags (id int PRIMARY KEY, live bool); INSERT INTO z_flags VALUES (1, true), (2, false);
CREATE FUNCTION live(int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT live FROM index_predicate_reads_a_table.z_flags WHERE id = $1';
CREATE TABLE a (id int); INSERT INTO a VALUES (1), (2); CREATE UNIQUE INDEX a_live ON a (id) WHERE live(id);
