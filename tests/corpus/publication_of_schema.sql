-- A publication of all tables of a schema, which only superusers make.
-- out: right
-- out plain: blocks databases.superusers_only whole_schema
CREATE TABLE t (a int PRIMARY KEY);
INSERT INTO t VALUES (1);
RESET SESSION AUTHORIZATION;
CREATE PUBLICATION whole_schema FOR TABLES IN SCHEMA publication_of_schema;
