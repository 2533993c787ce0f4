#include "random_schema.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TYPES_MAX 40
#define TABLES_MAX 12
#define COLUMNS_MAX 9
#define ROWS 12

/* How its values are written: a format of a number below 100, which is theirs alone. */
struct kind {
    char name[40], value[160];
    bool ordered; /* has a btree */
};

struct a_table {
    char name[16];
    bool partitioned, keyed;
    unsigned columns;
    struct kind column[COLUMNS_MAX];
};

struct making {
    FILE *out;
    uint64_t state;
    struct kind kinds[TYPES_MAX];
    unsigned kind_count;
    struct a_table tables[TABLES_MAX];
    unsigned table_count, view_count;
};

static const struct kind built_in[] = {
    {"integer", "%u - 50", true},
    {"bigint", "%u * 100000000000", true},
    {"smallint", "%u", true},
    {"text", "E'it''s %u \\\\ \\t\\n\\u00e4'", true},
    {"varchar(30)", "'v%u'", true},
    {"char(5)", "'c%u'", true},
    {"numeric(12,3)", "%u / 7.0", true},
    {"numeric", "'NaN'::numeric + %u", true},
    {"double precision", "%u / 3.0", true},
    {"real", "'-Infinity'::real + %u", true},
    {"boolean", "%u %% 2 = 0", true},
    {"date", "date '2020-02-29' + %u", true},
    {"timestamp with time zone", "timestamptz '2021-03-28 00:30+00' + %u * interval '7 hours'", true},
    {"timestamp(2)", "timestamp '1999-12-31 23:59:59.987' - %u * interval '1 year'", true},
    {"interval", "%u * interval '1 mon -2 days 03:04:05.6'", true},
    {"time", "time '00:00' + %u * interval '7 min'", true},
    {"bytea", "decode(lpad(to_hex(%u), 4, '0'), 'hex')", true},
    {"uuid", "md5('%u')::uuid", true},
    {"inet", "inet '10.0.0.0/24' + %u", true},
    {"jsonb", "jsonb_build_object('k', %u, 'n', NULL)", true},
    {"json", "'{\"a\": %u,  \"a\": \"\\u00e4\"}'", false},
    {"point", "point(%u, 0.1)", false},
    {"integer[]", "ARRAY[%u, NULL, -1]", true},
    {"text[]", "ARRAY[['a', 'NULL'], ['%u', '']]", true},
    {"int4range", "int4range(%u, NULL)", true},
    {"tsvector", "to_tsvector('simple', 'word %u')", true},
    {"bit varying(9)", "%u::bit(8)::varbit", true},
};

static unsigned pick(struct making *making, unsigned below)
{
    uint64_t x = making->state;

    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    making->state = x;
    return (unsigned)((x >> 24) % below);
}

static bool one_in(struct making *making, unsigned count)
{
    return pick(making, count) == 0;
}

static void value_write(struct making *making, const struct kind *kind, unsigned number)
{
    char value[200];

    /* The formats are those above, or made of them. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(value, sizeof value, kind->value, number);
#pragma GCC diagnostic pop
    fprintf(making->out, "(%s)::%s", value, kind->name);
}

static struct kind *kind_add(struct making *making)
{
    return &making->kinds[making->kind_count++];
}

static void kinds_make(struct making *making)
{
    for (unsigned i = 0; i < sizeof built_in / sizeof *built_in; i++)
        *kind_add(making) = built_in[i];
    for (unsigned i = 0; i < 4; i++) {
        struct kind *kind = kind_add(making);
        kind->ordered = true;
        snprintf(kind->name, sizeof kind->name, "kind_%u", i);
        if (i == 0 || one_in(making, 4)) {
            fprintf(making->out, "CREATE TYPE kind_%u AS ENUM ('e0', 'it''s', 'E 2', 'e3');\n", i);
            snprintf(kind->value, sizeof kind->value, "(ARRAY['e0', 'it''s', 'E 2', 'e3'])[1 + %%u %%%% 4]");
        } else if (i == 1 || one_in(making, 3)) {
            fprintf(making->out,
                    "CREATE DOMAIN kind_%u AS integer%s CONSTRAINT c CHECK (VALUE > -%u OR VALUE IS NULL);\n",
                    i, one_in(making, 2) ? " DEFAULT 7" : "", 1 + pick(making, 9));
            snprintf(kind->value, sizeof kind->value, "%%u");
        } else if (i == 2) {
            fprintf(making->out, "CREATE TYPE kind_%u AS (a integer, b text, c kind_0);\n", i);
            snprintf(kind->value, sizeof kind->value, "ROW(%%u, E'x,\"\\\\', 'it''s')");
        } else {
            fprintf(making->out, "CREATE TYPE kind_%u AS RANGE (subtype = numeric);\n", i);
            snprintf(kind->value, sizeof kind->value, "kind_%u(%%u, 1000, '(]')", i);
        }
        if (one_in(making, 2)) {
            struct kind array = {.ordered = true};
            snprintf(array.name, sizeof array.name, "kind_%u[]", i);
            snprintf(array.value, sizeof array.value, "ARRAY[(%.100s)::kind_%u, NULL]", kind->value, i);
            *kind_add(making) = array;
        }
    }
}

static void columns_write(struct making *making, struct a_table *table)
{
    fprintf(making->out, "id integer%s", table->keyed ? " NOT NULL" : "");
    for (unsigned i = 0; i < table->columns; i++) {
        struct kind *kind = &table->column[i];
        *kind = making->kinds[pick(making, making->kind_count)];
        fprintf(making->out, ", c%u %s", i, kind->name);
        if (one_in(making, 5)) {
            fprintf(making->out, " DEFAULT ");
            value_write(making, kind, pick(making, 90));
        }
        if (one_in(making, 6))
            fprintf(making->out, " NOT NULL");
        if (one_in(making, 8))
            fprintf(making->out, " CONSTRAINT named_%u CHECK (c%u IS NOT NULL OR id > 0)", i, i);
    }
    if (one_in(making, 3))
        fprintf(making->out, ", g integer GENERATED ALWAYS AS (twice(id) + 1) STORED");
    if (one_in(making, 4))
        fprintf(making->out, ", n bigint GENERATED %s AS IDENTITY (START %u INCREMENT 3)",
                one_in(making, 2) ? "BY DEFAULT" : "ALWAYS", pick(making, 50) + 1);
    if (one_in(making, 4))
        fprintf(making->out, ", s bigserial");
}

static void partitions_make(struct making *making, const char *name, unsigned way)
{
    for (unsigned i = 0; i < 3; i++) {
        fprintf(making->out, "CREATE TABLE %s_%u PARTITION OF %s FOR VALUES ", name, i, name);
        if (way == 0)
            fprintf(making->out, "WITH (MODULUS 3, REMAINDER %u);\n", i);
        else if (way == 1)
            fprintf(making->out, "IN (%s%u, %u, %u, %u);\n", i == 0 ? "NULL, " : "", i, i + 3, i + 6, i + 9);
        else
            fprintf(making->out, "FROM (%s%u) TO (%u);\n", "", i * 4, i * 4 + 4);
    }
    if (way > 0)
        fprintf(making->out, "CREATE TABLE %s_d PARTITION OF %s DEFAULT;\n", name, name);
}

static void rows_make(struct making *making, const struct a_table *table)
{
    for (unsigned row = 1; row <= ROWS; row++) {
        fprintf(making->out, "INSERT INTO %s (id", table->name);
        for (unsigned i = 0; i < table->columns; i++)
            fprintf(making->out, ", c%u", i);
        fprintf(making->out, ") VALUES (%u", row);
        for (unsigned i = 0; i < table->columns; i++) {
            fprintf(making->out, ", ");
            value_write(making, &table->column[i], pick(making, 97));
        }
        fprintf(making->out, ");\n");
    }
}

static void table_make(struct making *making)
{
    static const char *const ways[] = {"HASH", "LIST", "RANGE"};
    unsigned number = making->table_count, way = pick(making, 3);
    struct a_table *table = &making->tables[number];

    snprintf(table->name, sizeof table->name, "\"T %u\"", number);
    if (!one_in(making, 4))
        snprintf(table->name, sizeof table->name, "t%u", number);
    table->partitioned = table->name[0] == 't' && one_in(making, 4);
    table->keyed = !one_in(making, 4);
    table->columns = 1 + pick(making, COLUMNS_MAX - 1);
    fprintf(making->out, "CREATE %sTABLE %s (",
            !table->partitioned && !table->keyed && one_in(making, 3) ? "UNLOGGED " : "", table->name);
    columns_write(making, table);
    if (table->keyed)
        fprintf(making->out, ", PRIMARY KEY (id)");
    fprintf(making->out, ")");
    if (table->partitioned)
        fprintf(making->out, " PARTITION BY %s (id)", ways[way]);
    else if (one_in(making, 5))
        fprintf(making->out, " WITH (fillfactor = %u, autovacuum_enabled = off)", 50 + pick(making, 50));
    fprintf(making->out, ";\n");
    if (table->partitioned)
        partitions_make(making, table->name, way);
    rows_make(making, table);
    if (!table->partitioned && one_in(making, 4))
        fprintf(making->out,
                "CREATE TABLE child_%u (extra text DEFAULT 'x') INHERITS (%s);"
                " INSERT INTO child_%u (id) SELECT 1 FROM generate_series(1, 2) WHERE false;\n",
                number, table->name, number);
    making->table_count++;
}

/* What may be said of a table once it is there. */
static void table_adorn(struct making *making, unsigned number)
{
    static const char *const methods[] = {"btree", "hash", "brin"};
    const struct a_table *table = &making->tables[number];
    unsigned column = pick(making, table->columns);

    if (table->column[column].ordered && strcmp(table->column[column].name, "tsvector") != 0)
        fprintf(making->out, "CREATE INDEX ON %s (%sc%u%s)%s;\n", table->name, "", column,
                one_in(making, 2) ? " DESC" : "", one_in(making, 3) ? " WHERE id > 3" : "");
    fprintf(making->out, "CREATE %sINDEX ON %s USING %s (id);\n", "", table->name, methods[pick(making, 3)]);
    if (one_in(making, 3))
        fprintf(making->out, "CREATE INDEX ON %s (twice(id), (id + 1)) INCLUDE (c0);\n", table->name);
    if (one_in(making, 3))
        fprintf(making->out, "CREATE STATISTICS st_%u (ndistinct, mcv) ON id, (id %% 3) FROM %s;\n", number,
                table->name);
    if (one_in(making, 3))
        fprintf(making->out, "GRANT SELECT, UPDATE (c0) ON %s TO reader%s;\n", table->name,
                one_in(making, 2) ? " WITH GRANT OPTION" : "");
    if (one_in(making, 3))
        fprintf(making->out, "COMMENT ON TABLE %s IS E'it''s\\n-- \\\\. %u'; COMMENT ON COLUMN %s.c0 IS 'c';\n",
                table->name, number, table->name);
    if (one_in(making, 3))
        fprintf(making->out,
                "CREATE TRIGGER tr AFTER INSERT ON %s FOR EACH ROW EXECUTE FUNCTION fires('%u');"
                " ALTER TABLE %s %s TRIGGER tr;\n",
                table->name, number, table->name, one_in(making, 2) ? "DISABLE" : "ENABLE ALWAYS");
    if (one_in(making, 4) && !table->partitioned)
        fprintf(making->out, "CREATE RULE ru AS ON DELETE TO %s WHERE old.id > 100 DO INSTEAD NOTHING;\n",
                table->name);
    if (one_in(making, 4))
        fprintf(making->out, "CREATE POLICY po ON %s FOR SELECT TO reader USING (id > twice(1));\n",
                table->name);
    if (one_in(making, 4))
        fprintf(making->out, "ALTER TABLE %s ADD CONSTRAINT nv CHECK (id > 4) NOT VALID;\n", table->name);
    for (unsigned other = 0; other < making->table_count; other++)
        if (making->tables[other].keyed && one_in(making, 5))
            fprintf(making->out, "ALTER TABLE %s ADD CONSTRAINT fk_%u FOREIGN KEY (id) REFERENCES %s%s%s;\n",
                    table->name, other, making->tables[other].name,
                    one_in(making, 3) ? " ON DELETE CASCADE" : "",
                    one_in(making, 3) ? " DEFERRABLE INITIALLY DEFERRED" : "");
}

static void views_make(struct making *making)
{
    for (unsigned i = 0; i < 6; i++) {
        const char *from = making->tables[pick(making, making->table_count)].name;
        char view[16];
        snprintf(view, sizeof view, "v%u", pick(making, i + 1));
        if (i > 0 && one_in(making, 2))
            from = strcmp(view, "v0") == 0 || i > 1 ? "v0" : from;
        fprintf(making->out,
                "CREATE %s v%u%s AS SELECT id, twice(id) AS b, count(*) OVER () AS \"C c\" FROM %s%s;\n",
                i > 0 && one_in(making, 3) ? "MATERIALIZED VIEW" : "VIEW", i, "", from,
                one_in(making, 2) ? " WHERE id IS NOT NULL ORDER BY id" : "");
    }
}

char *random_schema_sql(uint64_t seed)
{
    struct making *making = calloc(1, sizeof *making);
    char *sql = NULL;
    size_t length = 0;

    making->state = (seed + 1) * UINT64_C(0x9E3779B97F4A7C15);
    making->out = open_memstream(&sql, &length);
    fputs("CREATE FUNCTION twice(integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT $1 * 2';\n"
          "CREATE FUNCTION fires() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';\n",
          making->out);
    if (one_in(making, 2))
        fputs("ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO reader;\n", making->out);
    kinds_make(making);
    for (unsigned count = 4 + pick(making, TABLES_MAX - 4); count > 0; count--)
        table_make(making);
    for (unsigned i = 0; i < making->table_count; i++)
        table_adorn(making, i);
    views_make(making);
    fputs("ALTER DEFAULT PRIVILEGES REVOKE SELECT ON TABLES FROM reader;\n", making->out);
    fclose(making->out);
    free(making);
    return sql;
}
