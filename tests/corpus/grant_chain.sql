-- Grants by somebody who was given them, on columns and tables.
-- out: right
-- stock: with several jobs it gives rights in any order
-- out plain: blocks databases.superusers_only grants of reader on table grant_chain.t
CREATE TABLE t (a int, b int, c int); GRANT SELECT ON t TO reader WITH GRANT OPTION; GRANT UPDATE (a, b), INSERT (c) ON t TO reader WITH GRANT OPTION;
GRANT USAGE ON SCHEMA grant_chain TO reader WITH GRANT OPTION; SET SESSION AUTHORIZATION reader; GRANT SELECT ON t TO keeper; GRANT UPDATE (a) ON t TO PUBLIC; GRANT USAGE ON SCHEMA grant_chain TO keeper;
