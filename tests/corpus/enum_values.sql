-- An enum whose values were added between others and renamed.
-- out: right
CREATE TYPE e AS ENUM ('a', 'c'); COMMIT; BEGIN; ALTER TYPE e ADD VALUE 'b' BEFORE 'c'; COMMIT; BEGIN; ALTER TYPE e RENAME VALUE 'a' TO 'first one'; CREATE TABLE t (e e); INSERT INTO t VALUES ('b'), ('c'), ('first one'); CREATE INDEX t_e ON t (e);
