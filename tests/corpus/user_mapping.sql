-- A user mapping with a password.
-- out: right
-- out plain: blocks databases.superusers_only postgres_fdw
-- alone
RESET SESSION AUTHORIZATION; CREATE EXTENSION IF NOT EXISTS postgres_fdw SCHEMA public;
CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'far.invalid'); CREATE USER MAPPING FOR reader SERVER far OPTIONS (user 'u', password 'p');
