-- A materialised view over a table with a policy that its owner is under.
-- out: right
-- stock: it switches policies off, and a refresh as the owner is refused then
-- out plain: blocks production.row_security materialized_view_of_policy.t
CREATE TABLE t (a int, who text); INSERT INTO t VALUES (1, 'tenant'), (2, 'reader');
ALTER TABLE t ENABLE ROW LEVEL SECURITY; ALTER TABLE t FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON t USING (who = current_user);
CREATE MATERIALIZED VIEW m AS SELECT a FROM t;
