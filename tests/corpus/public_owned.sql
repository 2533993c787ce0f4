-- Public is the tenant's, without its comment and with other grants.
-- out: right
-- alone
RESET SESSION AUTHORIZATION; ALTER SCHEMA public OWNER TO tenant; COMMENT ON SCHEMA public IS NULL; GRANT CREATE ON SCHEMA public TO reader; SET SESSION AUTHORIZATION tenant; CREATE TABLE public.u (a int);
