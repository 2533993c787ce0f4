#include "postgres/catalog/facts.h"
#include "postgres/catalog/versions.h"
#include "support/check.h"

#include <stdlib.h>
#include <string.h>

#define V15 150020
#define V16 160014
#define V17 170012
#define V18 180006
#define V19 190000

static char *reduced(const char *facts, int version, int other)
{
    struct text out = TEXT_INIT;
    cutover_error *error = NULL;

    check_ok(catalog_facts_reduce(facts, version, other, &out, &error), error);
    return text_take(&out);
}

static void check_reduced(const char *facts, int version, int other, const char *expected)
{
    char *found = reduced(facts, version, other);

    assert_string_equal(found, expected);
    free(found);
}

static const char grants[] = "acl\ttable public.t: MAINTAIN to app\tby app\n"
                             "acl\ttable public.t: SELECT to app\tby app\n"
                             "default acl\tfor app on tables: MAINTAIN to public\tby app\n"
                             "default acl\tfor app on tables: SELECT to public\tby app\n";

static void a_privilege_is_left_out_where_the_older_server_does_not_have_it(void **state)
{
    static const char without[] = "acl\ttable public.t: SELECT to app\tby app\n"
                                  "default acl\tfor app on tables: SELECT to public\tby app\n";

    (void)state;
    check_reduced(grants, V17, V16, without);
    check_reduced(grants, V18, V15, without);
    check_reduced(without, V15, V18, without);
    check_reduced(grants, V17, V18, grants);
    check_reduced(grants, V18, V17, grants);
    check_reduced(grants, V17, V17, grants);
}

/* A name that looks like one hides no grant. */
static void a_privilege_is_not_looked_for_in_names(void **state)
{
    static const char facts[] = "acl\ttable public.\"t: MAINTAIN to x\": SELECT to app\tby app\n"
                                "acl\ttable public.t: SELECT to \"a\"\": MAINTAIN to \"\"\"\tby app\n"
                                "comment\ttable public.t: MAINTAIN to app\twords\n";

    (void)state;
    check_reduced(facts, V17, V15, facts);
    check_reduced("acl\ttable public.\"t\": MAINTAIN to \"x y\"\tby app\n", V17, V15, "");
}

static void not_null_constraints_are_left_out_where_one_server_has_none(void **state)
{
    static const char facts[] = "column\tpublic.t.a\tinteger; not null\n"
                                "constraint\tpublic.t.t_a_check\tCHECK ((a IS NOT NULL)); validated\n"
                                "constraint\tpublic.t.t_a_not_null\tNOT NULL a; validated\n";
    static const char without[] = "column\tpublic.t.a\tinteger; not null\n"
                                  "constraint\tpublic.t.t_a_check\tCHECK ((a IS NOT NULL)); validated\n";

    (void)state;
    check_reduced(facts, V18, V17, without);
    check_reduced(facts, V18, V15, without);
    check_reduced(facts, V18, V19, facts);
}

static void what_is_said_in_its_default_is_left_out(void **state)
{
    static const char eighteen[] =
        "publication\tp\t{\"pubinsert\": true, \"pubgencols\": \"n\", \"pubviaroot\": false}\n"
        "publication\tq\t{\"pubinsert\": true, \"pubgencols\": \"s\"}\n"
        "publication\tr\t{\"pubinsert\": true, \"pubgencols\": \"n\"}\n";
    static const char before[] = "publication\tp\t{\"pubinsert\": true, \"pubviaroot\": false}\n"
                                 "publication\tq\t{\"pubinsert\": true, \"pubgencols\": \"s\"}\n"
                                 "publication\tr\t{\"pubinsert\": true}\n";

    (void)state;
    check_reduced(eighteen, V18, V17, before);
    check_reduced(eighteen, V18, V18, eighteen);
    check_reduced("publication\tp\t{\"puballsequences\": false, \"pubgencols\": \"n\"}\n", V19, V15,
                  "publication\tp\t{}\n");
    check_reduced("publication\tp\t{\"puballsequences\": false, \"pubgencols\": \"n\"}\n", V19, V18,
                  "publication\tp\t{\"pubgencols\": \"n\"}\n");
}

static void an_extension_has_its_release_s_version(void **state)
{
    (void)state;
    check_reduced("extension\thstore\tversion 1.8; schema ext\nschema\text\t\n", V15, V16,
                  "extension\thstore\tschema ext\nschema\text\t\n");
    check_reduced("extension\thstore\tversion 1.8; schema ext\n", V15, V15,
                  "extension\thstore\tversion 1.8; schema ext\n");
}

/* What nobody knows is not left out. */
static void minor_versions_are_one_version(void **state)
{
    (void)state;
    check_reduced(grants, 170001, 170012, grants);
    check_reduced(grants, 0, 0, grants);
    check_reduced("", V15, V18, "");
    check_reduced("odd\nschema\ta\t", V15, V18, "odd\nschema\ta\t\n");
}

static void a_field_s_text_comes_back(void **state)
{
    static const char value[] = "a\tb\nc\\d \x01\x1f\r\b ä";
    struct text field = TEXT_INIT, back = TEXT_INIT;

    (void)state;
    catalog_facts_escape(value, &field);
    assert_null(strpbrk(text_string(&field), "\t\n"));
    catalog_facts_unescape(text_string(&field), field.length, &back);
    assert_string_equal(text_string(&back), value);
    text_clear(&back);
    catalog_facts_unescape("a\\", 2, &back);
    assert_string_equal(text_string(&back), "a\\");
    text_free(&field);
    text_free(&back);
}

static void missing_facts_are_counted(void **state)
{
    (void)state;
    assert_int_equal(catalog_facts_missing("a\tn\tx\nb\tn\tx\nc\tn\tx\n", "a\tn\ty\nb\to\tx\nd\tn\tx\n"), 2);
    assert_int_equal(catalog_facts_missing("", "a\tn\ty\n"), 0);
    assert_int_equal(catalog_facts_missing("a\tn\ty\n", ""), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_privilege_is_left_out_where_the_older_server_does_not_have_it),
        cmocka_unit_test(a_privilege_is_not_looked_for_in_names),
        cmocka_unit_test(not_null_constraints_are_left_out_where_one_server_has_none),
        cmocka_unit_test(what_is_said_in_its_default_is_left_out),
        cmocka_unit_test(an_extension_has_its_release_s_version),
        cmocka_unit_test(minor_versions_are_one_version),
        cmocka_unit_test(a_field_s_text_comes_back),
        cmocka_unit_test(missing_facts_are_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
