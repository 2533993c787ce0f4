-- A publication of all tables.
-- out: right
-- out plain: blocks databases.superusers_only everything
-- alone
RESET SESSION AUTHORIZATION; CREATE PUBLICATION everything FOR ALL TABLES; SET SESSION AUTHORIZATION tenant; CREATE TABLE t (a int);
