-- A database whose public has another name, and a new one beside it.
-- out: right
-- stock: a dump takes the first rights of public for granted, under every name
-- dump: likewise
-- alone
RESET SESSION AUTHORIZATION; ALTER SCHEMA public RENAME TO former; CREATE SCHEMA public AUTHORIZATION tenant; SET SESSION AUTHORIZATION tenant; CREATE TABLE public.t (a int); INSERT INTO public.t VALUES (1);
