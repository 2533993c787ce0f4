-- An operator class by which a table is indexed and partitioned.
-- out: right
-- out plain: blocks databases.superusers_only int_desc
RESET SESSION AUTHORIZATION; CREATE OPERATOR CLASS int_desc FOR TYPE int USING btree AS OPERATOR 1 >, OPERATOR 2 >=, OPERATOR 3 =, OPERATOR 4 <=, OPERATOR 5 <, FUNCTION 1 btint4cmp(int, int);
ALTER OPERATOR CLASS int_desc USING btree OWNER TO tenant; ALTER OPERATOR FAMILY int_desc USING btree OWNER TO tenant; SET SESSION AUTHORIZATION tenant; CREATE TABLE t (a int); CREATE INDEX t_a ON t (a int_desc); INSERT INTO t VALUES (1), (2);
