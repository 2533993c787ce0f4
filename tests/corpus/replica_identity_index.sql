-- A replica identity by an index that is no key.
-- out: right
CREATE TABLE t (id int NOT NULL, code text NOT NULL);
INSERT INTO t SELECT g, 'c' || g FROM generate_series(1, 500) g;
CREATE UNIQUE INDEX t_id ON t (id); CREATE UNIQUE INDEX t_code ON t (code); CREATE INDEX t_lower ON t (lower(code));
ALTER TABLE t REPLICA IDENTITY USING INDEX t_code;
