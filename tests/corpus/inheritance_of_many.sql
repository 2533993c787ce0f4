-- Children of several parents, with columns and constraints merged, their own, or not passed on.
-- out: right
CREATE TABLE a (x int, y int DEFAULT 1, CONSTRAINT same CHECK (x > 0), CONSTRAINT alone CHECK (y > 0) NO INHERIT); CREATE TABLE b (x int, z text, CONSTRAINT same CHECK (x > 0));
CREATE TABLE c (z text, y int DEFAULT 2, own int) INHERITS (a, b); CREATE TABLE d () INHERITS (c); ALTER TABLE d ALTER COLUMN y SET DEFAULT 3; CREATE TABLE e (LIKE b INCLUDING ALL); ALTER TABLE e INHERIT b; ALTER TABLE e NO INHERIT b;
INSERT INTO a VALUES (1, 1); INSERT INTO c (x, z) VALUES (2, 'c'); INSERT INTO d (x, own) VALUES (3, 4);
