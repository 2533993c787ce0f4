-- An event trigger that writes down every command.
-- out: right
-- out plain: blocks databases.superusers_only logs
-- alone
RESET SESSION AUTHORIZATION; CREATE TABLE log (tag text);
CREATE FUNCTION note() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO event_trigger_logs.log VALUES (tg_tag); END $$;
CREATE EVENT TRIGGER logs ON ddl_command_end EXECUTE FUNCTION note(); CREATE TABLE t (a int); ALTER TABLE t ADD b int;
