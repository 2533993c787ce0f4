-- A child whose column lacks the parent's NOT NULL.
-- out: blocks preview.inherited_not_null child_without_not_null.c.a
-- out from 18: right
CREATE TABLE p (a int, b int); CREATE TABLE c () INHERITS (p); INSERT INTO c VALUES (1, NULL);
ALTER TABLE ONLY p ALTER COLUMN a SET NOT NULL;
