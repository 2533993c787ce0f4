-- PL/pgSQL without its comment.
-- out: right
-- alone
RESET SESSION AUTHORIZATION; COMMENT ON EXTENSION plpgsql IS NULL; CREATE TABLE t (a int);
