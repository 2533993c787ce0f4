-- A table whose owner is no role any more.
-- out: blocks production.lost_roles table lost_owner.t
-- alone
CREATE TABLE t (a int); RESET SESSION AUTHORIZATION; CREATE ROLE lost_owner_ghost; ALTER TABLE t OWNER TO lost_owner_ghost; DELETE FROM pg_authid WHERE rolname = 'lost_owner_ghost';
