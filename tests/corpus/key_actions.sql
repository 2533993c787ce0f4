-- Foreign keys with all actions and matches, deferred ones, and rows that only these allow.
-- out: right
CREATE TABLE p (a int, b int, PRIMARY KEY (a, b)); INSERT INTO p VALUES (1, 1), (2, 2);
CREATE TABLE c (a int, b int, FOREIGN KEY (a, b) REFERENCES p ON DELETE SET NULL (b) ON UPDATE CASCADE, CONSTRAINT whole FOREIGN KEY (a, b) REFERENCES p MATCH FULL DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE d (a int, b int DEFAULT 1, FOREIGN KEY (a, b) REFERENCES p ON DELETE SET DEFAULT (b) ON UPDATE RESTRICT NOT VALID); INSERT INTO c VALUES (1, 1), (NULL, NULL); INSERT INTO d VALUES (NULL, 7), (2, 2);
