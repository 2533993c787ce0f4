/* Database properties, which come back from a backup and from the journal: two documents, with a NUL between them.
   Nothing differs from itself, a difference is seen from both sides, and what is granted is quoted. */
#include "fuzz/fuzz.h"
#include "postgres/properties.h"

static bool differ(struct json_object *expected, struct json_object *found)
{
    char *differences = NULL;
    cutover_error *error = NULL;

    fuzz_settle(properties_compare(expected, found, &differences, &error), error);
    bool any = differences[0] != '\0';
    free(differences);
    return any;
}

/* Outside of quotes there are only the words of the statements: neither a name nor a value can end its quotes. */
static void require_quoted(const char *sql)
{
    static const char first[] = "SET LOCAL client_min_messages = error;";
    char quote = '\0';

    if (*sql != '\0') {
        REQUIRE(strncmp(sql, first, sizeof first - 1) == 0);
        sql += sizeof first - 1;
    }

    for (; *sql != '\0'; sql++) {
        if (quote != '\0') {
            if (*sql == quote)
                quote = '\0';
        } else if (*sql == '"' || *sql == '\'') {
            quote = *sql;
        } else {
            REQUIRE(strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZ_ ,;\nfalsetrue-0123456789pg_catalog.set_config()",
                           *sql) != NULL);
        }
    }
    REQUIRE(quote == '\0');
}

static void give(struct json_object *has, struct json_object *wanted)
{
    struct text sql = TEXT_INIT;
    cutover_error *error = NULL;
    cutover_status status = properties_give_sql("Shop \"1\"", has, wanted, &sql, &error);

    REQUIRE(status == CUTOVER_OK || (status == CUTOVER_E_UNSUPPORTED && sql.length == 0));
    fuzz_settle(status, error);
    require_quoted(text_string(&sql));
    text_free(&sql);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *first = fuzz_string(data, size);
    size_t used = strlen(first) < size ? strlen(first) + 1 : size;
    char *second = fuzz_string(data + used, size - used);
    struct json_object *expected = json_parse(first, strlen(first), NULL);
    struct json_object *found = json_parse(second, strlen(second), NULL);

    REQUIRE(!differ(expected, NULL) || expected != NULL);
    if (expected != NULL) {
        differ(expected, expected);
        give(found, expected);
    }
    differ(expected, found);
    differ(found, expected);
    json_object_put(expected);
    json_object_put(found);
    free(first);
    free(second);
    return 0;
}
