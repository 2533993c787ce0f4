-- A foreign key to a table that another role owns, and back.
-- out: right
CREATE TABLE ours (a int PRIMARY KEY); INSERT INTO ours VALUES (1), (2); RESET SESSION AUTHORIZATION;
GRANT USAGE ON SCHEMA key_to_a_table_of_anothers TO reader; CREATE TABLE theirs (a int PRIMARY KEY, b int); ALTER TABLE theirs OWNER TO reader;
GRANT REFERENCES, SELECT ON theirs TO tenant; GRANT REFERENCES ON ours TO reader; INSERT INTO theirs VALUES (1, 1), (2, 2);
ALTER TABLE theirs ADD FOREIGN KEY (b) REFERENCES ours; ALTER TABLE ours ADD FOREIGN KEY (a) REFERENCES theirs;
