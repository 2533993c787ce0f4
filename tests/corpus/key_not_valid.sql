-- A foreign key that old rows do not keep, and is not validated.
-- out: right
CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE c (p int); INSERT INTO c VALUES (7);
ALTER TABLE c ADD CONSTRAINT c_p FOREIGN KEY (p) REFERENCES p NOT VALID;
