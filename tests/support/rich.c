#include "rich.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char ROLES[] = "CREATE ROLE rich_owner;\n"
                            "CREATE ROLE rich_reader;\n"
                            "CREATE ROLE rich_writer;\n"
                            "CREATE ROLE \"Odd \"\"Role\"\"\";\n"
                            "CREATE ROLE rich_login LOGIN PASSWORD 'rich-login-secret';\n"
                            "GRANT rich_reader TO rich_login;\n";

/* In pieces: C99 asks compilers for no more than 4095 characters in one literal. */
static const char *const PIECES[] = {
    /* clang-format off */
    /* Schemas and extensions, some in a schema of their own. */
    "CREATE SCHEMA ext;\n"
    "CREATE SCHEMA shop AUTHORIZATION rich_owner;\n"
    "CREATE SCHEMA \"Odd.Schema\";\n"
    "CREATE EXTENSION hstore SCHEMA ext;\n"
    "CREATE EXTENSION citext SCHEMA ext;\n"
    "CREATE EXTENSION pg_trgm SCHEMA ext;\n"
    "CREATE EXTENSION btree_gist SCHEMA public;\n"
    "CREATE EXTENSION postgres_fdw SCHEMA ext;\n"
    "REVOKE EXECUTE ON FUNCTION ext.show_trgm(text) FROM PUBLIC;\n"
    "GRANT EXECUTE ON FUNCTION ext.show_trgm(text) TO rich_reader;\n"
    "COMMENT ON SCHEMA shop IS 'what is sold';\n"
    "COMMENT ON EXTENSION hstore IS 'a comment of our own';\n"
    "GRANT USAGE ON SCHEMA shop TO rich_reader, rich_writer;\n"
    "GRANT USAGE ON SCHEMA ext TO PUBLIC;\n",
    /* Types, functions, operators, casts, collations. */
    "CREATE TYPE shop.mood AS ENUM ('sad', 'it''s \"ok\"', 'happy');\n"
    "CREATE TYPE shop.address AS (street text, number integer, \"Odd Part\" numeric(8,2));\n"
    "CREATE DOMAIN shop.positive AS integer DEFAULT 1 NOT NULL CONSTRAINT positive_value CHECK (VALUE > 0);\n"
    "CREATE DOMAIN shop.email AS ext.citext CONSTRAINT email_at CHECK (VALUE OPERATOR(ext.~) '@');\n"
    "CREATE TYPE shop.span AS RANGE (subtype = double precision, subtype_diff = float8mi);\n"
    "COMMENT ON TYPE shop.mood IS 'how it feels';\n"
    "CREATE COLLATION shop.plain (provider = libc, locale = 'C');\n"
    "CREATE FUNCTION shop.slug(value text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE\n"
    "    AS $$ SELECT pg_catalog.lower(pg_catalog.regexp_replace(value, '[^a-zA-Z0-9]+', '-', 'g')) $$;\n"
    "CREATE FUNCTION shop.sealed(value integer DEFAULT 3) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER\n"
    "    SET search_path = 'shop', 'pg_temp' SET work_mem = '8MB' COST 7\n"
    "    AS $$ BEGIN RETURN value + 1; END $$;\n"
    "REVOKE EXECUTE ON FUNCTION shop.sealed(integer) FROM PUBLIC;\n"
    "GRANT EXECUTE ON FUNCTION shop.sealed(integer) TO rich_writer;\n"
    "CREATE FUNCTION shop.pairs(integer) RETURNS TABLE (a integer, b text) LANGUAGE sql ROWS 5\n"
    "    AS $$ SELECT g, g::pg_catalog.text FROM pg_catalog.generate_series(1, $1) g $$;\n"
    "CREATE FUNCTION shop.body(x integer, y integer) RETURNS integer LANGUAGE sql IMMUTABLE\n"
    "    BEGIN ATOMIC SELECT x * 2 + y; END;\n"
    "CREATE PROCEDURE shop.tidy(INOUT n integer) LANGUAGE plpgsql AS $$ BEGIN n := n - 1; END $$;\n"
    "CREATE FUNCTION shop.same_length(text, text) RETURNS boolean LANGUAGE sql IMMUTABLE\n"
    "    AS $$ SELECT pg_catalog.length($1) OPERATOR(pg_catalog.=) pg_catalog.length($2) $$;\n"
    "CREATE OPERATOR shop.=== (FUNCTION = shop.same_length, LEFTARG = text, RIGHTARG = text, COMMUTATOR = OPERATOR(shop.===));\n"
    "CREATE AGGREGATE shop.total(bigint) (SFUNC = int8pl, STYPE = bigint, INITCOND = '0', PARALLEL = SAFE, COMBINEFUNC = int8pl);\n"
    "CREATE FUNCTION shop.mood_number(shop.mood) RETURNS integer LANGUAGE sql IMMUTABLE\n"
    "    AS $$ SELECT CASE $1 WHEN 'sad' THEN 0 WHEN 'happy' THEN 2 ELSE 1 END $$;\n"
    "CREATE CAST (shop.mood AS integer) WITH FUNCTION shop.mood_number(shop.mood) AS ASSIGNMENT;\n"
    "CREATE OPERATOR FAMILY shop.ints USING btree;\n"
    "CREATE OPERATOR CLASS shop.int_desc FOR TYPE integer USING btree FAMILY shop.ints AS\n"
    "    OPERATOR 1 >, OPERATOR 2 >=, OPERATOR 3 =, OPERATOR 4 <=, OPERATOR 5 <, FUNCTION 1 btint4cmp(integer, integer);\n"
    "CREATE CONVERSION shop.conv FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8;\n"
    "CREATE TEXT SEARCH DICTIONARY shop.words (TEMPLATE = pg_catalog.simple, STOPWORDS = 'english');\n"
    "CREATE TEXT SEARCH CONFIGURATION shop.search (PARSER = pg_catalog.\"default\");\n"
    "ALTER TEXT SEARCH CONFIGURATION shop.search ADD MAPPING FOR asciiword, word WITH shop.words, pg_catalog.english_stem;\n"
    "ALTER FUNCTION shop.slug(text) OWNER TO rich_owner;\n"
    "ALTER TYPE shop.mood OWNER TO rich_owner;\n"
    "REVOKE USAGE ON TYPE shop.mood FROM PUBLIC;\n"
    "GRANT USAGE ON TYPE shop.mood TO rich_reader, rich_owner;\n",
    /* Tables of many kinds. */
    "CREATE TABLE shop.customers (\n"
    "    id bigint GENERATED ALWAYS AS IDENTITY (START WITH 100 INCREMENT BY 10) PRIMARY KEY,\n"
    "    email shop.email NOT NULL,\n"
    "    name text COLLATE shop.plain,\n"
    "    feeling shop.mood DEFAULT 'sad',\n"
    "    home shop.address,\n"
    "    homes shop.address[],\n"
    "    tags text[] DEFAULT '{a,b}',\n"
    "    attributes ext.hstore,\n"
    "    profile jsonb DEFAULT '{\"new\": true}'::jsonb,\n"
    "    born date,\n"
    "    seen timestamp with time zone,\n"
    "    score double precision,\n"
    "    slug text GENERATED ALWAYS AS (shop.slug(name)) STORED,\n"
    "    CONSTRAINT customers_email_key UNIQUE (email) DEFERRABLE INITIALLY DEFERRED,\n"
    "    CONSTRAINT customers_score_check CHECK (score >= 0 OR score IS NULL));\n"
    "CREATE TABLE shop.orders (\n"
    "    id serial PRIMARY KEY,\n"
    "    customer bigint NOT NULL CONSTRAINT orders_customer_fkey REFERENCES shop.customers (id) ON DELETE CASCADE\n"
    "        DEFERRABLE,\n"
    "    total numeric(10,2) DEFAULT 0 NOT NULL,\n"
    "    placed timestamp without time zone NOT NULL,\n"
    "    note text,\n"
    "    amount shop.positive,\n"
    "    code character(6),\n"
    "    flags bit varying(16),\n"
    "    price money);\n"
    "ALTER TABLE shop.orders ADD CONSTRAINT orders_note_check CHECK (note <> 'never') NOT VALID;\n"
    "ALTER TABLE shop.orders ALTER COLUMN note SET STORAGE EXTERNAL, ALTER COLUMN note SET COMPRESSION pglz,\n"
    "    ALTER COLUMN total SET STATISTICS 250, ALTER COLUMN customer SET (n_distinct = 100);\n"
    "ALTER TABLE shop.orders SET (fillfactor = 80, autovacuum_enabled = false, toast.autovacuum_enabled = false);\n"
    "CREATE INDEX orders_placed_idx ON shop.orders (placed DESC NULLS LAST) INCLUDE (total) WHERE total > 10;\n"
    "CREATE INDEX orders_expression_idx ON shop.orders (shop.slug(note), (total * 2));\n"
    "ALTER INDEX shop.orders_expression_idx ALTER COLUMN 2 SET STATISTICS 300;\n"
    "CREATE INDEX customers_name_trgm ON shop.customers USING gin (name ext.gin_trgm_ops);\n"
    "CREATE UNIQUE INDEX customers_identity ON shop.customers (email, id);\n"
    "ALTER TABLE shop.customers REPLICA IDENTITY USING INDEX customers_identity;\n"
    "ALTER TABLE shop.customers CLUSTER ON customers_pkey;\n"
    "CREATE STATISTICS shop.orders_stats (ndistinct, dependencies, mcv) ON customer, total FROM shop.orders;\n"
    "ALTER STATISTICS shop.orders_stats SET STATISTICS 50;\n"
    "CREATE TABLE shop.bookings (\n"
    "    room integer, during tstzrange, reach shop.span,\n"
    "    CONSTRAINT bookings_overlap EXCLUDE USING gist (room WITH =, during WITH &&));\n"
    "CREATE UNLOGGED TABLE shop.cache (key text PRIMARY KEY, value bytea);\n"
    "ALTER TABLE shop.cache REPLICA IDENTITY FULL;\n"
    "CREATE TABLE shop.kinds (\n"
    "    b boolean, i2 smallint, i8 bigint, r real, n numeric, u uuid, ip inet, net cidr, mac macaddr, p point, bx box,\n"
    "    pth path, x xml, j json, tv tsvector, tq tsquery, iv interval, t time without time zone, tz time with time zone,\n"
    "    ar integer[][], rng int4multirange, by bytea, ch \"char\", nm name, rc regclass, ls ext.citext);\n"
    "CREATE TABLE shop.empty ();\n"
    "CREATE TABLE shop.only_generated (g integer GENERATED ALWAYS AS (1 + 1) STORED);\n",
    /* Partitions with foreign keys both ways, inheritance with a column that came later. */
    "CREATE TABLE shop.events (\n"
    "    id bigint NOT NULL, day date NOT NULL, customer bigint REFERENCES shop.customers (id), body text,\n"
    "    PRIMARY KEY (id, day)) PARTITION BY RANGE (day);\n"
    "CREATE TABLE shop.events_2025 PARTITION OF shop.events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');\n"
    "CREATE TABLE shop.events_2026 PARTITION OF shop.events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')\n"
    "    PARTITION BY HASH (id);\n"
    "CREATE TABLE shop.events_2026_0 PARTITION OF shop.events_2026 FOR VALUES WITH (MODULUS 2, REMAINDER 0);\n"
    "CREATE TABLE shop.events_2026_1 (body text, customer bigint, id bigint NOT NULL, day date NOT NULL);\n"
    "ALTER TABLE shop.events_2026 ATTACH PARTITION shop.events_2026_1 FOR VALUES WITH (MODULUS 2, REMAINDER 1);\n"
    "CREATE TABLE shop.events_rest PARTITION OF shop.events DEFAULT;\n"
    "CREATE INDEX events_body_idx ON shop.events (body);\n"
    "CREATE INDEX events_later_idx ON ONLY shop.events (customer);\n"
    "CREATE TABLE shop.event_notes (\n"
    "    event bigint, day date, note text, FOREIGN KEY (event, day) REFERENCES shop.events (id, day));\n"
    "CREATE TABLE shop.parent (a integer CHECK (a > 0), b text);\n"
    "CREATE TABLE shop.child (c integer DEFAULT 7) INHERITS (shop.parent);\n"
    "ALTER TABLE shop.parent ADD COLUMN late text DEFAULT 'late';\n"
    "ALTER TABLE shop.child ALTER COLUMN late SET DEFAULT 'child';\n"
    "ALTER TABLE shop.parent DROP COLUMN b;\n"
    "ALTER TABLE shop.parent ADD COLUMN b2 text;\n",
    /* Foreign keys in circles, to oneself, and to an index that is no constraint. */
    "CREATE TABLE shop.folders (id integer PRIMARY KEY, parent integer REFERENCES shop.folders, newest integer);\n"
    "CREATE TABLE shop.files (\n"
    "    id integer PRIMARY KEY, folder integer NOT NULL REFERENCES shop.folders, email shop.email, owner bigint,\n"
    "    copy_of integer REFERENCES shop.files ON DELETE SET NULL,\n"
    "    FOREIGN KEY (email, owner) REFERENCES shop.customers (email, id) MATCH FULL);\n"
    "ALTER TABLE shop.folders ADD FOREIGN KEY (newest) REFERENCES shop.files DEFERRABLE INITIALLY DEFERRED;\n"
    "ALTER TABLE shop.events_rest ADD FOREIGN KEY (customer) REFERENCES shop.customers NOT VALID;\n"
    "INSERT INTO shop.folders VALUES (1, NULL, NULL), (2, 1, NULL), (3, 1, NULL);\n"
    "INSERT INTO shop.files SELECT n, 1 + n % 3, NULL, NULL, nullif(n / 2, 0) FROM generate_series(1, 500) n;\n"
    "UPDATE shop.folders SET newest = 500 - id;\n",
    /* Names that need quoting. */
    "CREATE TABLE \"Odd.Schema\".\"Odd \"\"Table\"\" 'x'\" (\"select\" integer, \"a b\" text, \"tab\tnew\n"
    "line\" text, \"ÄÖ\" text);\n"
    "CREATE INDEX \"Odd \"\"Index\"\"\" ON \"Odd.Schema\".\"Odd \"\"Table\"\" 'x'\" (\"a b\");\n"
    "CREATE SEQUENCE \"Odd.Schema\".\"Seq-1\" AS smallint INCREMENT BY -2 MINVALUE -100 MAXVALUE 100 START WITH 10 CACHE 3 CYCLE;\n"
    "COMMENT ON COLUMN \"Odd.Schema\".\"Odd \"\"Table\"\" 'x'\".\"a b\" IS E'tab\\there, newline\\nthere, back\\\\slash';\n"
    "CREATE SEQUENCE shop.free;\n"
    "CREATE SEQUENCE shop.owned OWNED BY shop.orders.total;\n",
    /* Views, materialized views on each other, rules, triggers, policies. */
    "CREATE VIEW shop.rich_customers WITH (security_barrier) AS SELECT id, name, score FROM shop.customers WHERE score > 50\n"
    "    WITH LOCAL CHECK OPTION;\n"
    "ALTER VIEW shop.rich_customers ALTER COLUMN name SET DEFAULT 'somebody';\n"
    "CREATE VIEW shop.bodies AS SELECT shop.body(id, 1) AS body, count(*) OVER () FROM shop.orders;\n"
    "CREATE MATERIALIZED VIEW shop.daily AS SELECT placed::date AS day, sum(total) AS total FROM shop.orders GROUP BY 1\n"
    "    WITH NO DATA;\n"
    "CREATE UNIQUE INDEX daily_day ON shop.daily (day);\n"
    "CREATE MATERIALIZED VIEW shop.a_monthly AS SELECT date_trunc('month', day) AS month, sum(total) AS total\n"
    "    FROM shop.daily GROUP BY 1 WITH NO DATA;\n"
    "CREATE MATERIALIZED VIEW shop.unfilled AS SELECT 1 AS one WITH NO DATA;\n"
    "CREATE FUNCTION shop.stamp() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.placed := NEW.placed; RETURN NEW; END $$;\n"
    "CREATE FUNCTION shop.nothing() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;\n"
    "CREATE TRIGGER orders_stamp BEFORE INSERT OR UPDATE OF placed ON shop.orders FOR EACH ROW WHEN (NEW.total > 0)\n"
    "    EXECUTE FUNCTION shop.stamp();\n"
    "CREATE TRIGGER orders_off AFTER DELETE ON shop.orders FOR EACH ROW EXECUTE FUNCTION shop.nothing();\n"
    "ALTER TABLE shop.orders DISABLE TRIGGER orders_off;\n"
    "CREATE CONSTRAINT TRIGGER orders_late AFTER INSERT ON shop.orders DEFERRABLE INITIALLY DEFERRED FOR EACH ROW\n"
    "    EXECUTE FUNCTION shop.nothing();\n"
    "ALTER TABLE shop.orders ENABLE ALWAYS TRIGGER orders_late;\n"
    "CREATE TRIGGER events_seen AFTER INSERT ON shop.events FOR EACH ROW EXECUTE FUNCTION shop.nothing();\n"
    "ALTER TABLE shop.events_2025 DISABLE TRIGGER events_seen;\n"
    "CREATE RULE cache_keep AS ON DELETE TO shop.cache WHERE OLD.key = 'keep' DO INSTEAD NOTHING;\n"
    "ALTER TABLE shop.customers ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;\n"
    "CREATE POLICY customers_read ON shop.customers FOR SELECT TO rich_reader USING (score > 10);\n"
    "CREATE POLICY customers_write ON shop.customers AS RESTRICTIVE TO rich_writer, \"Odd \"\"Role\"\"\" USING (true)\n"
    "    WITH CHECK (name <> 'root');\n",
    /* Foreign data, publications, event triggers, languages. */
    "CREATE SERVER elsewhere FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'elsewhere.invalid', dbname 'other');\n"
    "CREATE USER MAPPING FOR rich_reader SERVER elsewhere OPTIONS (\"user\" 'u', password 'mapping-secret');\n"
    "CREATE FOREIGN TABLE shop.remote (id integer OPTIONS (column_name 'ident'), body text) SERVER elsewhere\n"
    "    OPTIONS (schema_name 'public', table_name 'remote');\n"
    "GRANT USAGE ON FOREIGN SERVER elsewhere TO rich_reader;\n"
    "CREATE PUBLICATION rich_some FOR TABLE shop.orders (id, total) WHERE (total > 0), TABLE shop.events\n"
    "    WITH (publish = 'insert, update', publish_via_partition_root = true);\n"
    "CREATE PUBLICATION rich_schema FOR TABLES IN SCHEMA \"Odd.Schema\";\n"
    "CREATE PUBLICATION rich_all FOR ALL TABLES;\n"
    "CREATE FUNCTION shop.on_ddl() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN END $$;\n"
    "CREATE EVENT TRIGGER rich_ddl ON ddl_command_end WHEN TAG IN ('CREATE TABLE', 'DROP TABLE')\n"
    "    EXECUTE FUNCTION shop.on_ddl();\n"
    "ALTER EVENT TRIGGER rich_ddl ENABLE REPLICA;\n"
    "CREATE FUNCTION shop.plrich_handler() RETURNS language_handler LANGUAGE c AS '$libdir/plpgsql', 'plpgsql_call_handler';\n"
    "CREATE TRUSTED LANGUAGE plrich HANDLER shop.plrich_handler;\n"
    "GRANT USAGE ON LANGUAGE plrich TO rich_owner;\n"
    "CREATE ACCESS METHOD heap2 TYPE TABLE HANDLER heap_tableam_handler;\n"
    "CREATE TABLE shop.other_heap (a integer) USING heap2;\n",
    /* Rows. */
    "INSERT INTO shop.customers (email, name, feeling, home, homes, attributes, profile, born, seen, score)\n"
    "    SELECT format('c%s@example.org', g), format('Name %s %s', g, chr(196 + g % 30)),\n"
    "        (ARRAY['sad', 'it''s \"ok\"', 'happy'])[1 + g % 3]::shop.mood, ROW(format('Street, \"%s\"', g), g, g / 3.0)::shop.address,\n"
    "        ARRAY[ROW('a', 1, 2), ROW(NULL, g, NULL)]::shop.address[], format('n=>%s, \"odd key\"=>NULL', g)::ext.hstore,\n"
    "        jsonb_build_object('n', g, 'text', E'tab\\tnewline\\n', 'nested', jsonb_build_array(g, NULL, true)),\n"
    "        date '1970-01-01' + g, timestamptz '2026-01-01 00:00:00+00' + g * interval '1 hour 1.5 seconds',\n"
    "        CASE WHEN g % 7 = 0 THEN NULL ELSE sqrt(g) * 10 END\n"
    "    FROM generate_series(1, 300) g;\n"
    "INSERT INTO shop.orders (customer, total, placed, note, amount, code, flags, price)\n"
    "    SELECT 100 + 10 * (g % 300), (g % 1000) / 7.0, timestamp '2026-01-01' + g * interval '13 minutes',\n"
    "        CASE g % 5 WHEN 0 THEN NULL WHEN 1 THEN '' WHEN 2 THEN E'\\\\N' WHEN 3 THEN E'line\\nbreak\\\\' ELSE repeat('x', g % 90) END,\n"
    "        1 + g % 9, lpad(g::text, 6, '0'), (g % 64)::bit(6), (g * 1.01)::numeric::money\n"
    "    FROM generate_series(1, 20000) g;\n"
    "INSERT INTO shop.bookings SELECT g, tstzrange('2026-01-01Z', '2026-01-02Z'), shop.span(g, g + 0.5) FROM generate_series(1, 200) g;\n"
    "INSERT INTO shop.cache SELECT format('key %s', g), sha256(g::text::bytea) FROM generate_series(1, 200) g;\n"
    "INSERT INTO shop.kinds SELECT g % 2 = 0, g, g * 4294967296, g / 3.0::real, g * 1e20::numeric / 3, format('00000000-0000-7000-8000-%s', lpad(g::text, 12, '0'))::uuid,\n"
    "        '10.0.0.0'::inet + g, '10.0.0.0/8', '08:00:2b:01:02:03', point(g, -g), box(point(0, 0), point(g, g)), path '[(0,0),(1,1)]', '<a>b</a>', '{\"a\" : 1,  \"a\":2}',\n"
    "        to_tsvector('simple', 'word ' || g), to_tsquery('simple', 'a & b'), make_interval(days => g, secs => g / 9.0), time '12:00' + make_interval(secs => g), timetz '12:00+02',\n"
    "        ARRAY[[g, 2], [NULL, 4]], int4multirange(int4range(g, g + 5)), decode('00ff5c0a09', 'hex'), 'z', 'name', 'shop.orders'::regclass, 'Citext'\n"
    "    FROM generate_series(1, 250) g;\n"
    "INSERT INTO shop.kinds DEFAULT VALUES;\n"
    "INSERT INTO shop.kinds (r, n, p) VALUES ('NaN', 'Infinity', '(Infinity,NaN)'), ('-0', 'NaN', NULL), (NULL, 0.000, NULL);\n"
    "INSERT INTO shop.empty DEFAULT VALUES;\n"
    "INSERT INTO shop.empty DEFAULT VALUES;\n"
    "INSERT INTO shop.only_generated DEFAULT VALUES;\n"
    "INSERT INTO shop.events SELECT g, date '2024-12-20' + g, 100 + 10 * (g % 300), format('body %s', g) FROM generate_series(1, 800) g;\n"
    "INSERT INTO shop.event_notes SELECT g, date '2024-12-20' + g, 'note' FROM generate_series(1, 300) g;\n"
    "INSERT INTO shop.parent (a, late, b2) SELECT g, 'p', 'q' FROM generate_series(1, 200) g;\n"
    "INSERT INTO shop.child (a, c) SELECT g, g FROM generate_series(1, 200) g;\n"
    "INSERT INTO \"Odd.Schema\".\"Odd \"\"Table\"\" 'x'\" SELECT g, E'a\\tb', E'\\r\\n', 'äöü€😀' FROM generate_series(1, 200) g;\n"
    "INSERT INTO shop.other_heap SELECT generate_series(1, 200);\n"
    "SELECT setval('shop.free', 42, false), setval('\"Odd.Schema\".\"Seq-1\"', -8), nextval('shop.owned');\n"
    "SET CONSTRAINTS ALL IMMEDIATE;\n"
    "REFRESH MATERIALIZED VIEW shop.daily;\n"
    "REFRESH MATERIALIZED VIEW shop.a_monthly;\n",
    /* Owners, grants, default privileges, large objects. */
    "ALTER TABLE shop.customers OWNER TO rich_owner;\n"
    "ALTER TABLE shop.orders OWNER TO rich_owner;\n"
    "ALTER TABLE \"Odd.Schema\".\"Odd \"\"Table\"\" 'x'\" OWNER TO \"Odd \"\"Role\"\"\";\n"
    "ALTER MATERIALIZED VIEW shop.daily OWNER TO rich_owner;\n"
    "GRANT SELECT ON ALL TABLES IN SCHEMA shop TO rich_reader;\n"
    "GRANT INSERT, UPDATE (total, note), REFERENCES (id) ON shop.orders TO rich_writer;\n"
    /* Nobody uses that option: a grant by another than the owner needs USAGE on the schema, and stock pg_restore -j gives
       schemas and tables their grants side by side, in any order. */
    "GRANT SELECT ON shop.orders TO rich_writer WITH GRANT OPTION;\n"
    "REVOKE DELETE ON shop.orders FROM rich_owner;\n"
    "GRANT USAGE ON SEQUENCE shop.free TO rich_writer;\n"
    "GRANT SELECT ON shop.cache TO PUBLIC;\n"
    "ALTER DEFAULT PRIVILEGES FOR ROLE rich_owner IN SCHEMA shop GRANT SELECT ON TABLES TO rich_reader;\n"
    "ALTER DEFAULT PRIVILEGES FOR ROLE rich_owner REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;\n"
    "REVOKE CREATE ON SCHEMA public FROM PUBLIC;\n"
    "GRANT CREATE ON SCHEMA public TO rich_writer;\n"
    "COMMENT ON TABLE shop.orders IS 'what was ordered';\n"
    "COMMENT ON INDEX shop.orders_placed_idx IS 'an index';\n"
    "COMMENT ON CONSTRAINT orders_note_check ON shop.orders IS 'a constraint';\n"
    "COMMENT ON TRIGGER orders_stamp ON shop.orders IS 'a trigger';\n"
    "COMMENT ON POLICY customers_read ON shop.customers IS 'a policy';\n"
    "COMMENT ON FUNCTION shop.slug(text) IS 'a function';\n"
    "COMMENT ON PUBLICATION rich_some IS 'a publication';\n"
    "SELECT lo_from_bytea(400001, decode(repeat('00ff5c0a', 2000), 'hex')), lo_from_bytea(400002, ''), lo_from_bytea(400003, 'plain');\n"
    "ALTER LARGE OBJECT 400001 OWNER TO rich_owner;\n"
    "GRANT SELECT ON LARGE OBJECT 400001 TO rich_reader;\n"
    "COMMENT ON LARGE OBJECT 400002 IS 'an empty one';\n",
    /* clang-format on */
};

struct newer {
    int since;
    const char *sql;
};

static const struct newer NEWER[] = {
    /* clang-format off */
    {0, "CREATE SCHEMA newer;\n"
     "CREATE EXTENSION IF NOT EXISTS btree_gist;\n"
     "CREATE TABLE newer.one (a integer, b integer, UNIQUE NULLS NOT DISTINCT (a, b));\n"
     "INSERT INTO newer.one VALUES (1, NULL), (NULL, NULL);\n"},
    {170000, "CREATE COLLATION newer.plain (provider = builtin, locale = 'C.UTF-8');\n"
     "CREATE TABLE newer.names (name text COLLATE newer.plain PRIMARY KEY);\n"
     "INSERT INTO newer.names VALUES ('b'), ('B'), ('ä'), ('');\n"
     "GRANT SELECT, MAINTAIN ON newer.names TO pg_monitor WITH GRANT OPTION;\n"
     "CREATE TABLE newer.counted (\n"
     "    id bigint GENERATED BY DEFAULT AS IDENTITY (START WITH 7 INCREMENT BY 3), during int8range,\n"
     "    CONSTRAINT counted_apart EXCLUDE USING gist (id WITH =, during WITH &&)) PARTITION BY RANGE (id);\n"
     "CREATE TABLE newer.counted_low PARTITION OF newer.counted FOR VALUES FROM (0) TO (20);\n"
     "CREATE TABLE newer.counted_rest PARTITION OF newer.counted DEFAULT;\n"
     "INSERT INTO newer.counted (during) SELECT int8range(g, g + 9) FROM generate_series(1, 20) g;\n"},
    {180000, "CREATE TABLE newer.figured (\n"
     "    a integer, doubled integer GENERATED ALWAYS AS (a * 2) VIRTUAL,\n"
     "    tripled integer GENERATED ALWAYS AS (a * 3) STORED, b text);\n"
     "INSERT INTO newer.figured (a, b) SELECT g, nullif(g, 5) FROM generate_series(1, 300) g;\n"
     "CREATE TABLE newer.only_figured (g integer GENERATED ALWAYS AS (41 + 1) VIRTUAL);\n"
     "INSERT INTO newer.only_figured DEFAULT VALUES;\n"
     "INSERT INTO newer.only_figured DEFAULT VALUES;\n"
     "CREATE TABLE newer.loose (\n"
     "    id integer PRIMARY KEY, a integer CONSTRAINT loose_a CHECK (a > 0) NOT ENFORCED,\n"
     "    other integer CONSTRAINT loose_other REFERENCES newer.loose NOT ENFORCED, b integer);\n"
     "INSERT INTO newer.loose VALUES (1, -1, 99, NULL), (2, 2, 1, 2);\n"
     "ALTER TABLE newer.loose ADD CONSTRAINT loose_b NOT NULL b NOT VALID;\n"
     "COMMENT ON CONSTRAINT loose_b ON newer.loose IS 'not yet';\n"
     "CREATE TABLE newer.stays (room integer, during daterange,\n"
     "    CONSTRAINT stays_key PRIMARY KEY (room, during WITHOUT OVERLAPS));\n"
     "CREATE TABLE newer.meals (room integer, during daterange, CONSTRAINT meals_stay\n"
     "    FOREIGN KEY (room, PERIOD during) REFERENCES newer.stays (room, PERIOD during));\n"
     "INSERT INTO newer.stays VALUES (1, '[2026-01-01,2026-01-05)'), (1, '[2026-01-05,2026-01-09)');\n"
     "INSERT INTO newer.meals VALUES (1, '[2026-01-03,2026-01-07)');\n"
     "CREATE TABLE newer.kin (a integer CONSTRAINT kin_a NOT NULL NO INHERIT);\n"
     "CREATE TABLE newer.kin_child () INHERITS (newer.kin);\n"
     "INSERT INTO newer.kin_child VALUES (NULL);\n"
     "CREATE PUBLICATION newer_figured FOR TABLE newer.figured\n"
     "    WITH (publish = 'insert', publish_generated_columns = stored);\n"},
    {190000, "CREATE PUBLICATION newer_most FOR ALL TABLES EXCEPT (TABLE newer.names, newer.counted)\n"
     "    WITH (publish = 'insert');\n"
     "CREATE PUBLICATION newer_sequences FOR ALL SEQUENCES;\n"
     "CREATE AGGREGATE newer.total(int) (sfunc = int4pl, stype = int, initcond = '0',\n"
     "    support = text_starts_with_support);\n"
     "CREATE FUNCTION newer.connects(oid, oid, internal) RETURNS text LANGUAGE c\n"
     "    AS '$libdir/postgres_fdw', 'postgres_fdw_connection';\n"
     "CREATE FOREIGN DATA WRAPPER newer_wrapper CONNECTION newer.connects;\n"
     "CREATE SERVER newer_elsewhere FOREIGN DATA WRAPPER newer_wrapper OPTIONS (host 'elsewhere.invalid');\n"},
    /* clang-format on */
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static char *schema;

static void join_pieces(void)
{
    size_t length = 1, count = sizeof(PIECES) / sizeof(PIECES[0]);

    for (size_t i = 0; i < count; i++)
        length += strlen(PIECES[i]);
    schema = calloc(1, length);
    if (schema == NULL) {
        fputs("test support: out of memory\n", stderr);
        exit(99);
    }
    char *end = schema;
    for (size_t i = 0; i < count; i++)
        end = stpcpy(end, PIECES[i]);
}

char *rich_newer_sql(int server_version)
{
    size_t count = sizeof(NEWER) / sizeof(NEWER[0]), length = 1;

    for (size_t i = 0; i < count; i++)
        length += strlen(NEWER[i].sql);
    char *sql = calloc(1, length), *end = sql;
    if (sql == NULL) {
        fputs("test support: out of memory\n", stderr);
        exit(99);
    }
    for (size_t i = 0; i < count; i++)
        if (server_version >= NEWER[i].since)
            end = stpcpy(end, NEWER[i].sql);
    return sql;
}

const char *rich_roles_sql(void)
{
    return ROLES;
}

const char *rich_schema_sql(void)
{
    pthread_once(&once, join_pieces);
    return schema;
}
