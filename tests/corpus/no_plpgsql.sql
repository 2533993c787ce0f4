-- A database without PL/pgSQL.
-- out: right
-- stock: no dump says that what the template has is to go
-- alone
RESET SESSION AUTHORIZATION; DROP EXTENSION plpgsql; CREATE TABLE t (a int); INSERT INTO t VALUES (1);
