-- JSON with duplicate keys and spaces; JSONB with numbers beyond a double.
-- out: right
CREATE TABLE t (j json, b jsonb); INSERT INTO t VALUES ('{"a": 1,  "a":2}', '{"n": 123456789012345678901234567890.12}'); CREATE INDEX t_b ON t USING gin (b jsonb_path_ops);
