-- Row-level policies, forced on the owner.
-- out: right
-- out plain: blocks production.row_security policies.t
CREATE TABLE t (a int, who text); INSERT INTO t SELECT g, 'nobody' FROM generate_series(1, 30) g; ALTER TABLE t ENABLE ROW LEVEL SECURITY; ALTER TABLE t FORCE ROW LEVEL SECURITY; CREATE POLICY p ON t USING (who = current_user); CREATE POLICY q ON t AS RESTRICTIVE FOR UPDATE TO reader USING (a > 1) WITH CHECK (a > 2);
