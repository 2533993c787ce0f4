-- An event trigger that refuses every command.
-- out: right
-- out plain: blocks databases.superusers_only refuses
-- alone
RESET SESSION AUTHORIZATION;
CREATE FUNCTION no() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not here'; END $$;
CREATE TABLE t (a int); ALTER TABLE t OWNER TO tenant; CREATE EVENT TRIGGER refuses ON ddl_command_start EXECUTE FUNCTION no();
