-- An owner whose own rights on his table were revoked.
-- out: right
-- out plain: blocks production.readable owner_without_rights.t
CREATE TABLE t (a int PRIMARY KEY); INSERT INTO t SELECT generate_series(1, 20); CREATE TABLE c (a int REFERENCES t); INSERT INTO c VALUES (3); REVOKE ALL ON t FROM tenant;
