-- Sequences that were never called, count down, cycle, belong to a column.
-- out: right
CREATE SEQUENCE never; CREATE SEQUENCE down INCREMENT -1 MINVALUE -5 MAXVALUE 5 START 5 CYCLE CACHE 3; SELECT nextval('down') FROM generate_series(1, 7);
CREATE TABLE t (a int); CREATE SEQUENCE mine AS smallint OWNED BY t.a; ALTER TABLE t ALTER a SET DEFAULT nextval('mine'); INSERT INTO t SELECT FROM generate_series(1, 4); SELECT setval('never', 7, false);
