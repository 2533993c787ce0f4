/* JSON: what is read is written as one line that is read again as the same. */
#include "fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *first = NULL, *second = NULL;
    cutover_error *error = NULL;
    struct json_object *object = json_parse((const char *)data, size, &error);

    if (object == NULL) {
        fuzz_settle(CUTOVER_E_INVALID, error);
        return 0;
    }
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
