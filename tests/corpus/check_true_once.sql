-- A CHECK against the clock that was true when the rows came.
-- out: late t_ends
CREATE TABLE t (ends timestamptz); INSERT INTO t VALUES (now() - interval '1 year'), (now() + interval '1 year');
ALTER TABLE t ADD CONSTRAINT t_ends CHECK (ends > now()) NOT VALID;
RESET SESSION AUTHORIZATION;
UPDATE pg_constraint SET convalidated = true WHERE conname = 't_ends' AND conrelid = 't'::regclass;
