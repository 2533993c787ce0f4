-- An extension that only a superuser can make.
-- out: right
-- out plain: blocks databases.superusers_only dblink
-- alone
RESET SESSION AUTHORIZATION; CREATE EXTENSION IF NOT EXISTS dblink SCHEMA public;
