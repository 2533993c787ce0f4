-- A table of another access method.
-- out: blocks preview.storage heap_again
RESET SESSION AUTHORIZATION; CREATE ACCESS METHOD heap_again TYPE TABLE HANDLER heap_tableam_handler; SET SESSION AUTHORIZATION tenant; CREATE TABLE t (a int) USING heap_again; INSERT INTO t SELECT generate_series(1, 100);
