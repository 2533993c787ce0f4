/* Connection strings: what is read, written as keywords and values, is read again as the same; a password that is in
   the string is in no error. */
#include "fuzz/fuzz.h"
#include "postgres/conninfo.h"

#define SECRET "S3cr3tWord"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    static const char *const left_out[] = {"PGHOST",     "PGPORT",    "PGUSER",
                                           "PGDATABASE", "PGSERVICE", "PGOPTIONS"};

    (void)argc;
    (void)argv;
    for (size_t i = 0; i < sizeof left_out / sizeof left_out[0]; i++)
        unsetenv(left_out[i]);
    setenv("HOME", "/nowhere", 1);
    setenv("PGSYSCONFDIR", "/nowhere", 1);
    setenv("PGSERVICEFILE", "/nowhere/pg_service.conf", 1);
    return 0;
}

static char *written(const struct conninfo *conninfo)
{
    struct text text = TEXT_INIT;

    for (size_t i = 0; i < conninfo->count; i++) {
        text_add_format(&text, "%s='", conninfo->keywords[i]);
        for (const char *c = conninfo->values[i]; *c != '\0'; c++) {
            if (*c == '\'' || *c == '\\')
                text_add(&text, "\\");
            text_add_bytes(&text, c, 1);
        }
        text_add(&text, "' ");
    }
    return text_take(&text);
}

static void require_same(const struct conninfo *a, const struct conninfo *b)
{
    REQUIRE(a->count == b->count && a->keywords[a->count] == NULL && b->values[b->count] == NULL);
    for (size_t i = 0; i < a->count; i++) {
        const char *found = conninfo_get(b, a->keywords[i]);
        REQUIRE(found != NULL && strcmp(found, a->values[i]) == 0);
    }
}

static void require_round_trip(const struct conninfo *conninfo)
{
    struct conninfo again, copy;
    char *string = written(conninfo);

    REQUIRE(string != NULL && conninfo_parse("database", string, &again, NULL) == CUTOVER_OK);
    require_same(conninfo, &again);
    REQUIRE(conninfo_copy(&again, &copy, NULL) == CUTOVER_OK);
    require_same(&again, &copy);
    REQUIRE(conninfo_set(&copy, "dbname", "other", NULL) == CUTOVER_OK);
    REQUIRE(strcmp(conninfo_get(&copy, "dbname"), "other") == 0);
    REQUIRE(conninfo_set(&copy, "dbname", NULL, NULL) == CUTOVER_OK && conninfo_get(&copy, "dbname") == NULL);
    conninfo_free(&copy);
    conninfo_free(&again);
    free(string);
}

static bool parse(const char *string, struct conninfo *conninfo)
{
    cutover_error *error = NULL;
    cutover_status status = conninfo_parse("database", string, conninfo, &error);

    REQUIRE(status == CUTOVER_OK || status == CUTOVER_E_INVALID);
    if (status != CUTOVER_OK) {
        struct json_object *object = error_json(error);
        REQUIRE(object != NULL && strstr(json_object_to_json_string(object), SECRET) == NULL);
        json_object_put(object);
    }
    fuzz_settle(status, error);
    return status == CUTOVER_OK;
}

static void parse_behind(const char *prefix, const char *string)
{
    struct conninfo conninfo, untouched;
    struct text text = TEXT_INIT;

    memset(&conninfo, 0xA5, sizeof conninfo);
    memcpy(&untouched, &conninfo, sizeof conninfo);
    text_add(&text, prefix);
    text_add(&text, string);
    if (parse(text_string(&text), &conninfo)) {
        require_round_trip(&conninfo);
        conninfo_free(&conninfo);
    } else {
        REQUIRE(memcmp(&conninfo, &untouched, sizeof conninfo) == 0);
    }
    text_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *string = fuzz_string(data, size);

    parse_behind("", string);
    parse_behind("password=" SECRET " ", string);
    parse_behind("postgresql://shop:" SECRET "@", string);
    free(string);
    return 0;
}
