-- Replica identities FULL and NOTHING.
-- out: right
CREATE TABLE full_one (a int, b text); ALTER TABLE full_one REPLICA IDENTITY FULL;
CREATE TABLE none (a int PRIMARY KEY); ALTER TABLE none REPLICA IDENTITY NOTHING;
INSERT INTO full_one VALUES (1, 'x'); INSERT INTO none VALUES (1);
