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

/* Each member that is there is of its field's type. */
static void require_types(const struct record_type *type, const char *json)
{
    static const enum json_type expected[] = {[FIELD_TEXT] = json_type_string,
                                              [FIELD_TIME] = json_type_string,
                                              [FIELD_INT] = json_type_int,
                                              [FIELD_BOOL] = json_type_boolean,
                                              [FIELD_ENUM] = json_type_string};
    struct json_object *object = json_parse(json, strlen(json), NULL);

    REQUIRE(json_object_is_type(object, json_type_object));
    for (const struct field *field = type->fields; field->name != NULL; field++) {
        struct json_object *value = json_member(object, field->name);
        REQUIRE(value == NULL || field->type == FIELD_JSON || field->type == FIELD_REST ||
                json_object_is_type(value, expected[field->type]));
    }
    json_object_put(object);
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
    REQUIRE(status == CUTOVER_OK || status == CUTOVER_E_STORE || status == CUTOVER_E_UNSUPPORTED);
    fuzz_settle(status, error);
    if (status == CUTOVER_OK) {
        require_types(type, json);
        require_round_trip(type, &record);
    } else {
        require_empty(type, &record);
    }
    free(json);
    record_free(type, &record);
    return 0;
}
