/* Records: the first byte chooses the type, the rest is the document. What is read is written, read again and copied as
   the same; what is refused leaves nothing behind. */
#include "fuzz/fuzz.h"
#include "model/backup.h"
#include "model/promotion.h"
#include "model/request.h"

union any_record {
    struct request_record request;
    struct backup_record backup;
    struct promotion_record promotion;
};

static void require_empty(const struct record_type *type, const void *record)
{
    const char *bytes = record;

    for (size_t i = 0; i < type->size; i++)
        REQUIRE(bytes[i] == 0);
}

static char *format(const struct record_type *type, const void *record)
{
    char *json = NULL;
    cutover_error *error = NULL;

    fuzz_settle(record_format(type, record, &json, &error), error);
    return json;
}

static void require_round_trip(const struct record_type *type, const void *record)
{
    union any_record again, copy;
    char *first = format(type, record);

    REQUIRE(record_parse(type, first, &again, NULL) == CUTOVER_OK);
    REQUIRE(record_copy(type, &again, &copy, NULL) == CUTOVER_OK);
    record_free(type, &again);
    char *second = format(type, &copy);
    REQUIRE(strcmp(first, second) == 0);
    record_free(type, &copy);
    require_empty(type, &copy);
    free(first);
    free(second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct record_type *const types[] = {&request_type, &backup_type, &promotion_type};
    union any_record record;
    cutover_error *error = NULL;

    if (size == 0)
        return 0;
    const struct record_type *type = types[data[0] % 3];
    char *json = fuzz_string(data + 1, size - 1);
    memset(&record, 0xA5, sizeof record);
    cutover_status status = record_parse(type, json, &record, &error);
    free(json);
    REQUIRE(status == CUTOVER_OK || status == CUTOVER_E_STORE);
    fuzz_settle(status, error);
    if (status == CUTOVER_OK)
        require_round_trip(type, &record);
    else
        require_empty(type, &record);
    record_free(type, &record);
    return 0;
}
