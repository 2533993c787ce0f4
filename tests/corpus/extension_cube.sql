-- earthdistance, whose functions find cube by the search_path.
-- out: right
-- out plain: blocks databases.superusers_only earthdistance
-- stock: it sets an empty search_path
-- alone
RESET SESSION AUTHORIZATION; CREATE EXTENSION cube SCHEMA public; CREATE EXTENSION earthdistance SCHEMA public; SET SESSION AUTHORIZATION tenant;
CREATE TABLE t (lat float8, lon float8); INSERT INTO t SELECT g, g FROM generate_series(1, 50) g; CREATE INDEX t_place ON t USING gist (public.ll_to_earth(lat, lon));
