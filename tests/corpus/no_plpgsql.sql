-- A database without PL/pgSQL.
-- out: right
-- out plain: blocks databases.superusers_only extension plpgsql
-- stock: no dump says that what the template has is to go
-- alone
RESET SESSION AUTHORIZATION; DROP EXTENSION plpgsql; SET SESSION AUTHORIZATION tenant; CREATE TABLE t (a int); INSERT INTO t VALUES (1);
