-- A grant to somebody who is no role any more.
-- out: blocks production.lost_roles table lost_grantee.t
-- alone
CREATE TABLE t (a int); RESET SESSION AUTHORIZATION; CREATE ROLE lost_grantee_ghost; GRANT SELECT ON t TO lost_grantee_ghost; DELETE FROM pg_authid WHERE rolname = 'lost_grantee_ghost';
