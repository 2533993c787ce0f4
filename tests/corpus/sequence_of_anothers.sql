-- A default of a sequence that another role owns, and one of another schema's.
-- out: right
CREATE SEQUENCE own START 5 INCREMENT -2 MINVALUE -9 MAXVALUE 9 CYCLE; RESET SESSION AUTHORIZATION; CREATE SEQUENCE theirs CACHE 7; ALTER SEQUENCE theirs OWNER TO reader;
GRANT USAGE ON SEQUENCE theirs TO tenant; SET SESSION AUTHORIZATION tenant;
CREATE TABLE t (a int DEFAULT nextval('sequence_of_anothers.theirs'), b int DEFAULT nextval('sequence_of_anothers.own')); INSERT INTO t DEFAULT VALUES; INSERT INTO t DEFAULT VALUES;
