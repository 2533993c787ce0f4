-- PL/pgSQL without its comment.
-- out: right
-- alone
RESET SESSION AUTHORIZATION; COMMENT ON EXTENSION plpgsql IS NULL; SET SESSION AUTHORIZATION tenant; CREATE TABLE t (a int);
