-- A publication of all tables.
-- out: right
-- out plain: blocks databases.superusers_only everything
-- alone
RESET SESSION AUTHORIZATION; CREATE PUBLICATION everything FOR ALL TABLES; CREATE TABLE t (a int);
