-- Numbers that need all their digits, in a database that prints fewer.
-- out: right
-- alone
RESET SESSION AUTHORIZATION;
DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET extra_float_digits = 0', current_database()); END $$;
SET SESSION AUTHORIZATION tenant;
CREATE TABLE t (d double precision, r real); INSERT INTO t VALUES (0.1 + 0.2, 1.1::real / 3), ('-0', 'NaN');
