-- A CHECK against the clock that was true when the rows came.
-- out: blocks preview.kept_rows CHECK t_ends of check_true_once.t (1 rows)
CREATE TABLE t (ends timestamptz); INSERT INTO t VALUES (now() - interval '1 year'), (now() + interval '1 year');
ALTER TABLE t ADD CONSTRAINT t_ends CHECK (ends > now()) NOT VALID;
RESET SESSION AUTHORIZATION;
UPDATE pg_constraint SET convalidated = true WHERE conname = 't_ends' AND conrelid = 't'::regclass;
