-- Rules that would swallow or double what is copied.
-- out: right
CREATE TABLE t (a int); CREATE TABLE log (a int); INSERT INTO t VALUES (1), (2); CREATE RULE none AS ON INSERT TO t DO INSTEAD NOTHING; CREATE RULE twice AS ON INSERT TO log DO ALSO INSERT INTO t VALUES (NEW.a); INSERT INTO log VALUES (3);
