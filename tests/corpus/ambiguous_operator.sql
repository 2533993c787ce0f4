-- An operator that makes unknown || oid ambiguous.
-- out: right
-- alone
CREATE FUNCTION public.joined(text, oid) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION public.joined(name, oid) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1::text';
CREATE OPERATOR public.|| (FUNCTION = public.joined, LEFTARG = text, RIGHTARG = oid);
CREATE OPERATOR public.|| (FUNCTION = public.joined, LEFTARG = name, RIGHTARG = oid);
CREATE TABLE t (a int); INSERT INTO t VALUES (1);
