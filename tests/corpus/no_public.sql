-- A database without the schema public.
-- out: right
-- stock: no dump says that what the template has is to go
-- alone
RESET SESSION AUTHORIZATION; ALTER TABLE public.generation SET SCHEMA no_public; DROP SCHEMA public; SET SESSION AUTHORIZATION tenant; CREATE TABLE t (a int); INSERT INTO t VALUES (1);
