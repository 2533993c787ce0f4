-- A function that says it is leakproof, which only a superuser can say.
-- out: right
-- out plain: blocks databases.superusers_only tight
RESET SESSION AUTHORIZATION; CREATE FUNCTION tight(int) RETURNS bool LANGUAGE sql IMMUTABLE LEAKPROOF AS 'SELECT true'; ALTER FUNCTION tight(int) OWNER TO tenant;
