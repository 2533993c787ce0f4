-- Three hundred small tables.
-- out: right
DO $$ BEGIN FOR i IN 1..300 LOOP EXECUTE format('CREATE TABLE t%s (id int, a text); INSERT INTO t%s VALUES (%s, %L)', i, i, i, 'x'); END LOOP; END $$;
