-- Large objects with owners, grants, comments.
-- out: right
SELECT lo_from_bytea(500001, '\x00ff'), lo_from_bytea(500002, ''); GRANT SELECT ON LARGE OBJECT 500001 TO reader; COMMENT ON LARGE OBJECT 500002 IS 'empty';
