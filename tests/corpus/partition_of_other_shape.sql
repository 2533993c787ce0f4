-- Partitions with dropped columns, another order of columns, defaults, triggers and constraints of their own.
-- out: right
CREATE TABLE p (a int NOT NULL, gone int, b text DEFAULT 'p') PARTITION BY RANGE (a); ALTER TABLE p DROP COLUMN gone;
CREATE TABLE p_1 (b text DEFAULT 'one', junk int, a int NOT NULL, CHECK (a < 100)); ALTER TABLE p_1 DROP COLUMN junk; ALTER TABLE p ATTACH PARTITION p_1 FOR VALUES FROM (MINVALUE) TO (10);
CREATE TABLE p_2 PARTITION OF p (b DEFAULT 'two', CONSTRAINT short CHECK (length(b) < 9)) FOR VALUES FROM (10) TO (MAXVALUE); CREATE TABLE p_d PARTITION OF p DEFAULT; ALTER TABLE p DETACH PARTITION p_d;
INSERT INTO p SELECT g, g::text FROM generate_series(1, 20) g; CREATE UNIQUE INDEX ON p_1 (b);
