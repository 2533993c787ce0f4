-- Columns that name tables, types, functions, roles and schemas, whose OIDs are others in a copy.
-- out: right
CREATE TABLE other (a int); CREATE FUNCTION f(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE TABLE t (c regclass, y regtype, p regprocedure, r regrole, n regnamespace, m regclass[]);
INSERT INTO t VALUES ('other', 'other', 'f(int)', 'tenant', 'reg_columns', '{other,t}');
