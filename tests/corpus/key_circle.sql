-- Foreign keys in a circle of three tables and to oneself.
-- out: right
CREATE TABLE a (id int PRIMARY KEY, c int); CREATE TABLE b (id int PRIMARY KEY, a int REFERENCES a);
CREATE TABLE c (id int PRIMARY KEY, b int REFERENCES b, up int REFERENCES c);
INSERT INTO a VALUES (1, NULL), (2, NULL); INSERT INTO b VALUES (1, 1); INSERT INTO c VALUES (1, 1, NULL), (2, 1, 1);
UPDATE a SET c = 2; ALTER TABLE a ADD FOREIGN KEY (c) REFERENCES c DEFERRABLE INITIALLY DEFERRED;
