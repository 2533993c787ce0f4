/* JSON: what is read is written as one line that is read again as the same. */
#include "fuzz/fuzz.h"

/* Numbers that JSON has not, or that no integer of 64 bits is; outside of strings. */
static bool has_strange_number(const char *text, size_t length)
{
    size_t digits = 0;
    bool quoted = false, fraction = false;

    for (size_t i = 0; i < length; i++) {
        quoted = quoted != (text[i] == '"');
        if (quoted) {
            i += text[i] == '\\';
            continue;
        }
        bool digit = text[i] >= '0' && text[i] <= '9';
        digits = digit ? digits + 1 : 0;
        fraction = digit || strchr("+-", text[i]) != NULL ? fraction : strchr(".eE", text[i]) != NULL;
        if (text[i] == 'N' || text[i] == 'I' ||
            (digits > 20 && !fraction && text[i - digits + 1] != '0' && i + 1 < length &&
             strchr(",]} ", text[i + 1]) != NULL))
            return true;
    }
    return false;
}

/* Nothing follows a value, whatever it is. */
static void require_whole(const char *text, size_t length)
{
    char *longer = malloc(length + 2);

    REQUIRE(longer != NULL);
    memcpy(longer, text, length);
    memcpy(longer + length, "[]", 2);
    REQUIRE(json_parse(longer, length + 2, NULL) == NULL);
    free(longer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *first = NULL, *second = NULL;
    cutover_error *error = NULL;
    struct json_object *object = json_parse((const char *)data, size, &error);

    if (object == NULL) {
        fuzz_settle(CUTOVER_E_INVALID, error);
        return 0;
    }
    REQUIRE(!has_strange_number((const char *)data, size));
    require_whole((const char *)data, size);
    fuzz_settle(json_format(object, &first, &error), error);
    REQUIRE(strchr(first, '\n') == NULL);
    struct json_object *again = json_parse(first, strlen(first), &error);
    REQUIRE(again != NULL);
    fuzz_settle(json_format(again, &second, &error), error);
    REQUIRE(strcmp(first, second) == 0);
    free(first);
    free(second);
    json_object_put(again);
    json_object_put(object);
    return 0;
}
