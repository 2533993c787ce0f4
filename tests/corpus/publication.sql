-- Publications of tables, columns, rows, schemas.
-- out: right
-- alone
CREATE TABLE t (a int PRIMARY KEY, b text); RESET SESSION AUTHORIZATION; CREATE PUBLICATION chosen FOR TABLE publication.t (a) WHERE (a > 0) WITH (publish = 'insert'); ALTER PUBLICATION chosen OWNER TO tenant;
