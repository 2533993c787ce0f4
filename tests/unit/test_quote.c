#include "postgres/quote.h"
#include "support/check.h"

static void assert_identifier(const char *name, const char *quoted)
{
    struct text sql = TEXT_INIT;

    quote_identifier(&sql, name);
    assert_string_equal(text_string(&sql), quoted);
    text_free(&sql);
}

/* EDGE_CASES A40. */
static void identifiers_are_always_quoted(void **state)
{
    (void)state;
    assert_identifier("orders", "\"orders\"");
    assert_identifier("select", "\"select\"");
    assert_identifier("Mixed Case.with\nline", "\"Mixed Case.with\nline\"");
    assert_identifier("say \"hi\"", "\"say \"\"hi\"\"\"");
    assert_identifier("\"", "\"\"\"\"");
    assert_identifier("back\\slash'", "\"back\\slash'\"");
}

static void qualified_names_have_two_parts(void **state)
{
    struct text sql = TEXT_INIT;

    (void)state;
    quote_qualified(&sql, "my schema", "a.b");
    assert_string_equal(text_string(&sql), "\"my schema\".\"a.b\"");
    text_free(&sql);
}

static void assert_literal(const char *value, const char *quoted)
{
    struct text sql = TEXT_INIT;

    quote_literal(&sql, value);
    assert_string_equal(text_string(&sql), quoted);
    text_free(&sql);
}

static void literals_survive_quotes_and_backslashes(void **state)
{
    (void)state;
    assert_literal("plain", "'plain'");
    assert_literal("", "''");
    assert_literal("it's", "'it''s'");
    assert_literal("a\\'b", "E'a\\\\''b'");
    assert_literal("line\nbreak", "'line\nbreak'");
    assert_literal(NULL, "NULL");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(identifiers_are_always_quoted),
        cmocka_unit_test(qualified_names_have_two_parts),
        cmocka_unit_test(literals_survive_quotes_and_backslashes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
