/*
 * Which statements of an archive evaluate what owners wrote when they are run. The texts are pg_dump's.
 */
#include "archive/evaluating.h"
#include "support/check.h"

#include <stdlib.h>
#include <string.h>

/* The constants of a statement, as "schema.name" with blanks between. */
static void assert_constants(const char *statement, const char *expected)
{
    struct text schema = TEXT_INIT, name = TEXT_INIT, found = TEXT_INIT;

    for (const char *at = statement; evaluating_constant(&at, &schema, &name);)
        text_add_format(&found, "%s%s.%s", found.length > 0 ? " " : "", text_string(&schema),
                        text_string(&name));
    assert_string_equal(text_string(&found), expected);
    text_free(&schema);
    text_free(&name);
    text_free(&found);
}

static void constants_of_types_that_somebody_made_are_found(void **state)
{
    (void)state;
    assert_constants("CREATE TABLE t.a (x t.item[] DEFAULT '{1}'::t.item[], y t.c DEFAULT 'red'::t.c);\n",
                     "t.item t.c");
    assert_constants("SELECT ('{3}'::t.cd[])::t.nested AS c, '3'::integer, 'x'::text", "t.cd");
    assert_constants("SELECT 'a''b'::\"T\".\"odd\"\"name\", ''::t.e", "T.odd\"name t.e");
    assert_constants("SELECT E'a\\'b'::t.d, 'a\\'::t.e", "t.d t.e");
    assert_constants("SELECT name'::t.x", "");
}

static void what_only_looks_like_one_is_passed_over(void **state)
{
    (void)state;
    assert_constants("SELECT '''1''::t.a', \"'1'::t.b\", \"a\"\"'1'::t.c\", 't.d'", "");
    assert_constants("CREATE FUNCTION t.f() RETURNS int AS $$ SELECT '1'::t.a $$; '2'::t.b", "t.b");
    assert_constants("AS $_$ $$ '1'::t.a $1 $_$ '2'::t.b", "t.b");
    assert_constants("SELECT a$b$'1'::t.a, $1, '2'::t.b", "t.a t.b");
    assert_constants("-- it's '1'::t.a\n '2'::t.b", "t.b");
    assert_constants("SELECT (1)::t.a, ('x'::text)::t.b, x::t.c", "");
    assert_constants("$never '1'::t.a", "t.a");
    assert_constants("$tag$ '1'::t.a", "");
}

/* An archive in the making: dumpIds are 1, 2, 3 …, dependencies end with 0. */
static struct toc_entry entry_of(const char *desc, const char *tag, const char *defn,
                                 const int32_t *dependencies)
{
    struct toc_entry entry = {.section = TOC_SECTION_PRE_DATA};

    entry.desc = (struct toc_string){strdup(desc), strlen(desc)};
    entry.schema = (struct toc_string){strdup("t"), 1};
    entry.tag = (struct toc_string){strdup(tag), strlen(tag)};
    entry.defn = (struct toc_string){strdup(defn), strlen(defn)};
    while (dependencies[entry.dependency_count] != 0)
        entry.dependency_count++;
    entry.dependencies = calloc(entry.dependency_count + 1, sizeof *entry.dependencies);
    assert_non_null(entry.dependencies);
    memcpy(entry.dependencies, dependencies, entry.dependency_count * sizeof *entry.dependencies);
    return entry;
}

struct line {
    const char *desc, *tag, *defn;
    int32_t dependencies[4];
    bool evaluates, calls;
};

static void assert_found(const struct line *lines, size_t count)
{
    struct toc toc = {.count = count, .parsed = count};
    cutover_error *error = NULL;

    toc.entries = calloc(count, sizeof *toc.entries);
    toc.by_id = calloc(count, sizeof *toc.by_id);
    assert_non_null(toc.entries);
    assert_non_null(toc.by_id);
    for (size_t i = 0; i < count; i++) {
        toc.entries[i] = entry_of(lines[i].desc, lines[i].tag, lines[i].defn, lines[i].dependencies);
        toc.entries[i].dump_id = (int32_t)i + 1;
        toc.by_id[i] = (struct toc_key){i + 1, i};
    }
    for (int calls = 0; calls < 2; calls++) {
        struct evaluating evaluating;
        check_ok(evaluating_find(&toc, calls == 1, &evaluating, &error), error);
        for (size_t i = 0; i < count; i++)
            if (evaluating_has(&evaluating, i) != (calls == 1 ? lines[i].calls : lines[i].evaluates))
                fail_msg("%s %s%s", lines[i].desc, lines[i].tag, calls == 1 ? ", calls" : "");
        evaluating_free(&evaluating);
    }
    toc_free(&toc);
}

#define FOUND(lines) assert_found(lines, sizeof(lines) / sizeof *(lines))

static void a_constant_is_checked_where_a_checked_domain_is_in_it(void **state)
{
    static const struct line lines[] = {
        {"FUNCTION", "f(integer)", "CREATE FUNCTION t.f(integer) …", {0}, false, false},
        {"DOMAIN", "free", "CREATE DOMAIN t.free AS integer;\n", {0}, false, false},
        {"DOMAIN",
         "d",
         "CREATE DOMAIN t.d AS integer\n\tCONSTRAINT c CHECK (t.f(VALUE) > 0);\n",
         {1},
         false,
         false},
        {"DOMAIN",
         "own",
         "CREATE DOMAIN t.own AS integer\n\tCONSTRAINT c CHECK (VALUE > 0);\n",
         {0},
         false,
         false},
        {"TYPE", "e", "CREATE TYPE t.e AS ENUM ('a');\n", {0}, false, false},
        {"TYPE", "row", "CREATE TYPE t.row AS (x t.d[]);\n", {3}, false, false},
        {"DOMAIN", "rows", "CREATE DOMAIN t.rows AS t.row[];\n", {6}, false, false},
        {"TABLE", "of", "CREATE TABLE t.of (x t.d, e t.e DEFAULT 'a'::t.e);\n", {3, 5}, false, false},
        {"TABLE", "has", "CREATE TABLE t.has (x t.d[] DEFAULT '{1}'::t.d[]);\n", {3}, true, true},
        {"VIEW", "v", "CREATE VIEW t.v AS SELECT '{}'::t.row[];\n", {7}, true, true},
        {"POLICY", "p", "CREATE POLICY p USING (('(1)'::t.of).x > 0);\n", {8}, true, true},
        {"DEFAULT", "free", "ALTER … SET DEFAULT '{1}'::t.free[];\n", {2, 3}, false, false},
        {"DEFAULT", "own", "ALTER … SET DEFAULT '{1}'::t.own[];\n", {4}, true, false},
        {"RULE", "r", "CREATE RULE … '{[1,2)}'::t.no_entrys_name …;\n", {3}, true, true},
        {"RULE", "s", "CREATE RULE … '{[1,2)}'::t.no_entrys_name …;\n", {2}, false, false},
        {"FUNCTION", "g", "CREATE FUNCTION t.g() … AS $$ SELECT '{1}'::t.d[] $$;\n", {3}, false, false},
        {"COMMENT", "g", "COMMENT ON FUNCTION t.g() IS '{1}'::t.d[];\n", {3}, false, false},
    };

    (void)state;
    FOUND(lines);
}

static void a_check_that_comes_apart_from_its_domain_counts(void **state)
{
    static const struct line lines[] = {
        {"DOMAIN", "d", "CREATE DOMAIN t.d AS integer;\n", {0}, false, false},
        {"FUNCTION", "f(t.d)", "CREATE FUNCTION t.f(t.d) …", {1}, false, false},
        {"POLICY", "p", "CREATE POLICY p USING (x = ANY ('{1}'::t.d[]));\n", {1}, true, true},
        {"CHECK CONSTRAINT",
         "d c",
         "ALTER DOMAIN t.d ADD CONSTRAINT c CHECK (t.f(VALUE));\n",
         {2, 1},
         false,
         false},
    };

    (void)state;
    FOUND(lines);
}

static void ranges_are_read_by_functions_of_theirs(void **state)
{
    static const struct line lines[] = {
        {"FUNCTION", "f(t.r)", "CREATE FUNCTION t.f(t.r) …", {0}, false, false},
        {"TYPE",
         "r",
         "CREATE TYPE t.r AS RANGE (\n    subtype = integer,\n    canonical = t.f\n);\n",
         {1},
         false,
         false},
        {"TYPE", "plain", "CREATE TYPE t.plain AS RANGE (\n    subtype = integer\n);\n", {0}, false, false},
        {"VIEW", "v", "CREATE VIEW t.v AS SELECT '[1,2]'::t.r;\n", {2}, true, true},
        {"VIEW", "w", "CREATE VIEW t.w AS SELECT '[1,2]'::t.plain;\n", {3}, true, false},
    };

    (void)state;
    FOUND(lines);
}

static void keys_of_partitions_are_planned(void **state)
{
    static const struct line lines[] = {
        {"FUNCTION", "f(integer)", "CREATE FUNCTION t.f(integer) …", {0}, false, false},
        {"OPERATOR CLASS", "o", "CREATE OPERATOR CLASS t.o …", {1}, false, false},
        {"TABLE",
         "a",
         "CREATE TABLE t.a (\n    x integer\n)\nPARTITION BY LIST (((x + t.f(1))));\n",
         {1},
         true,
         true},
        {"TABLE", "b", "CREATE TABLE t.b (\n    x integer\n)\nPARTITION BY LIST (x);\n", {0}, false, false},
        {"TABLE", "c", "CREATE TABLE t.c (\n    x integer\n)\nPARTITION BY HASH (x t.o);\n", {2}, false, false},
        {"TABLE", "d", "CREATE TABLE t.d (\n    x text\n)\nPARTITION BY LIST (lower(x));\n", {0}, true, false},
        {"TRIGGER", "a", "CREATE TRIGGER a …", {3}, true, true},
        {"TRIGGER", "b", "CREATE TRIGGER b …", {4}, false, false},
        {"TRIGGER", "c", "CREATE TRIGGER c …", {5}, true, true},
    };

    (void)state;
    FOUND(lines);
}

static void a_key_or_column_that_casts_to_a_domain_plans_its_check(void **state)
{
    static const struct line lines[] = {
        {"FUNCTION", "f(integer)", "CREATE FUNCTION t.f(integer) …", {0}, false, false},
        {"DOMAIN",
         "d",
         "CREATE DOMAIN t.d AS integer\n\tCONSTRAINT c CHECK (VALUE > t.f(1));\n",
         {1},
         false,
         false},
        {"TABLE",
         "a",
         "CREATE TABLE t.a (\n    x integer\n)\nPARTITION BY LIST (((x)::t.d));\n",
         {2},
         true,
         true},
        {"TRIGGER", "a", "CREATE TRIGGER a …", {3}, true, true},
        {"TABLE",
         "b",
         "CREATE TABLE t.b (\n    x integer GENERATED ALWAYS AS (((1)::t.d)::integer) STORED\n);\n",
         {2},
         true,
         true},
    };

    (void)state;
    FOUND(lines);
}

static void generated_columns_are_planned(void **state)
{
    static const struct line lines[] = {
        {"FUNCTION", "f(integer)", "CREATE FUNCTION t.f(integer) …", {0}, false, false},
        {"OPERATOR", "+", "CREATE OPERATOR t.+ …", {1}, false, false},
        {"TABLE",
         "a",
         "CREATE TABLE t.a (\n    b integer GENERATED ALWAYS AS (t.f(1)) STORED\n);\n",
         {1},
         true,
         true},
        {"FOREIGN TABLE",
         "b",
         "CREATE FOREIGN TABLE t.b (\n    b integer GENERATED ALWAYS AS (t.f(1)) STORED\n);\n",
         {1},
         true,
         true},
        {"TABLE",
         "c",
         "CREATE TABLE t.c (\n    b integer GENERATED ALWAYS AS ((1 OPERATOR(t.+) 2))\n);\n",
         {2},
         true,
         true},
        {"TABLE",
         "cast",
         "CREATE TABLE t.cast (\n    b text GENERATED ALWAYS AS (upper(1)) STORED\n);\n",
         {1},
         true,
         true},
        {"TABLE",
         "d",
         "CREATE TABLE t.d (\n    b integer GENERATED ALWAYS AS (public.of_an_extension(1)) STORED\n);\n",
         {0},
         true,
         false},
        {"TABLE",
         "e",
         "CREATE TABLE t.e (\n    a integer,\n    b integer GENERATED ALWAYS AS ((a * 2)) STORED\n);\n",
         {0},
         false,
         false},
        {"TABLE",
         "f",
         "CREATE TABLE t.f (\n    a integer DEFAULT t.f(1),\n    CONSTRAINT c CHECK ((a > t.f(1)))\n);\n",
         {1},
         false,
         false},
        {"VIEW",
         "v",
         "CREATE VIEW t.v AS\n SELECT t.f(1) AS \" GENERATED ALWAYS AS (t.\";\n",
         {1},
         false,
         false},
    };

    (void)state;
    FOUND(lines);
}

static void initial_values_of_aggregates_are_read(void **state)
{
    static const struct line lines[] = {
        {"AGGREGATE", "a", "CREATE AGGREGATE t.a(integer) (\n    INITCOND = '1'\n);\n", {0}, true, false},
        {"AGGREGATE", "b", "CREATE AGGREGATE t.b(integer) (\n    STYPE = integer\n);\n", {0}, false, false},
        {"DOMAIN",
         "own",
         "CREATE DOMAIN t.own AS integer\n\tCONSTRAINT c CHECK (VALUE > 0);\n",
         {0},
         false,
         false},
        {"AGGREGATE",
         "c",
         "CREATE AGGREGATE t.c(integer) (\n    STYPE = integer,\n    INITCOND = '1',\n    SUPPORT = s\n);\n",
         {0},
         false,
         false},
        {"AGGREGATE",
         "d",
         "CREATE AGGREGATE t.d(integer) (\n    STYPE = t.own,\n    INITCOND = '1',\n    SUPPORT = s\n);\n",
         {3},
         true,
         false},
    };

    (void)state;
    FOUND(lines);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(constants_of_types_that_somebody_made_are_found),
        cmocka_unit_test(what_only_looks_like_one_is_passed_over),
        cmocka_unit_test(a_constant_is_checked_where_a_checked_domain_is_in_it),
        cmocka_unit_test(a_check_that_comes_apart_from_its_domain_counts),
        cmocka_unit_test(ranges_are_read_by_functions_of_theirs),
        cmocka_unit_test(keys_of_partitions_are_planned),
        cmocka_unit_test(a_key_or_column_that_casts_to_a_domain_plans_its_check),
        cmocka_unit_test(generated_columns_are_planned),
        cmocka_unit_test(initial_values_of_aggregates_are_read),
    };

    return cmocka_run_group_tests_name("evaluating", tests, NULL, NULL);
}
