#include "base/record.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

static const char format_name[] = "format";

static void *member_of(const struct field *field, void *record)
{
    return (char *)record + field->offset;
}

static const void *const_member_of(const struct field *field, const void *record)
{
    return (const char *)record + field->offset;
}

static bool is_owned(const struct field *field)
{
    return field->type == FIELD_TEXT || field->type == FIELD_JSON || field->type == FIELD_REST;
}

static cutover_status wrong_type(const struct record_type *type, const struct field *field,
                                 const char *expected, cutover_error **error)
{
    return error_set(error, CUTOVER_E_STORE, "%s: member \"%s\" is not %s", type->kind, field->name, expected);
}

static cutover_status read_enum(const struct record_type *type, const struct field *field,
                                struct json_object *value, int *member, cutover_error **error)
{
    const char *text = json_text(value);
    if (text == NULL)
        return wrong_type(type, field, "one of its names", error);
    for (int i = 0; field->names[i] != NULL; i++) {
        if (strcmp(field->names[i], text) == 0) {
            *member = i;
            return CUTOVER_OK;
        }
    }
    return wrong_type(type, field, "a name that this version of the library knows", error);
}

static cutover_status read_int(const struct record_type *type, const struct field *field,
                               struct json_object *value, int64_t *member, cutover_error **error)
{
    /* json-c keeps what is past INT64_MAX as unsigned and would answer INT64_MAX. */
    if (!json_object_is_type(value, json_type_int) ||
        (json_object_get_int64(value) == INT64_MAX && json_object_get_uint64(value) != INT64_MAX))
        return wrong_type(type, field, "an integer of 64 bits", error);
    *member = json_object_get_int64(value);
    return CUTOVER_OK;
}

static cutover_status read_field(const struct record_type *type, const struct field *field,
                                 struct json_object *value, void *member, cutover_error **error)
{
    const char *text = json_text(value);
    struct json_object *copy = NULL;

    switch (field->type) {
    case FIELD_TEXT:
        if (text == NULL)
            return wrong_type(type, field, "a text", error);
        return string_copy(text, member, error);
    case FIELD_TIME:
        if (!time_parse(text, member))
            return wrong_type(type, field, "a time (RFC 3339)", error);
        return CUTOVER_OK;
    case FIELD_INT:
        return read_int(type, field, value, member, error);
    case FIELD_BOOL:
        if (!json_object_is_type(value, json_type_boolean))
            return wrong_type(type, field, "true or false", error);
        *(bool *)member = json_object_get_boolean(value) != 0;
        return CUTOVER_OK;
    case FIELD_ENUM:
        return read_enum(type, field, value, member, error);
    case FIELD_JSON:
        if (json_object_deep_copy(value, &copy, NULL) != 0)
            return error_nomem(error);
        *(struct json_object **)member = copy;
        return CUTOVER_OK;
    case FIELD_REST:
        break;
    }
    return error_set(error, CUTOVER_E_INTERNAL, "%s: member \"%s\" has no type", type->kind, field->name);
}

/* A member that is absent or null keeps its zero. An enumeration has one only where its first name is "": a
   record without a status must not read as the first status there is. */
static bool may_be_absent(const struct field *field)
{
    return field->type != FIELD_ENUM || field->names[0] == NULL || field->names[0][0] == '\0';
}

static bool is_known(const struct record_type *type, const char *name)
{
    if (strcmp(name, format_name) == 0)
        return true;
    for (const struct field *field = type->fields; field->name != NULL; field++)
        if (field->type != FIELD_REST && strcmp(field->name, name) == 0)
            return true;
    return false;
}

/* Adds a copy of the value; JSON's null is NULL. False when memory ran out. */
static bool add_copy(struct json_object *object, const char *name, struct json_object *value)
{
    struct json_object *copy = NULL;

    if (value != NULL && json_object_deep_copy(value, &copy, NULL) != 0)
        return false;
    if (json_object_object_add(object, name, copy) == 0)
        return true;
    json_object_put(copy);
    return false;
}

static cutover_status read_rest(const struct record_type *type, struct json_object *object,
                                struct json_object **rest, cutover_error **error)
{
    json_object_object_foreach(object, name, value)
    {
        if (is_known(type, name))
            continue;
        if (*rest == NULL)
            *rest = json_object_new_object();
        if (*rest == NULL || !add_copy(*rest, name, value))
            return error_nomem(error);
    }
    return CUTOVER_OK;
}

static cutover_status read_fields(const struct record_type *type, struct json_object *object, void *record,
                                  cutover_error **error)
{
    for (const struct field *field = type->fields; field->name != NULL; field++) {
        struct json_object *value = json_member(object, field->name);
        cutover_status status = CUTOVER_OK;
        if (field->type == FIELD_REST)
            status = read_rest(type, object, member_of(field, record), error);
        else if (value != NULL)
            status = read_field(type, field, value, member_of(field, record), error);
        else if (!may_be_absent(field))
            status = error_set(error, CUTOVER_E_STORE, "%s: member \"%s\" is missing", type->kind, field->name);
        if (status != CUTOVER_OK)
            return status;
    }
    return CUTOVER_OK;
}

cutover_status record_format_check(const char *kind, struct json_object *object, unsigned newest,
                                   cutover_error **error)
{
    struct json_object *member = json_member(object, format_name);
    int64_t format = json_int_or(object, format_name, 0);

    if (member == NULL || (format >= 1 && format <= newest))
        return CUTOVER_OK;
    if (format < 1)
        return error_set(error, CUTOVER_E_STORE, "%s: member \"%s\" is not a number from 1", kind, format_name);
    error_set(
        error, CUTOVER_E_UNSUPPORTED,
        "%s: it was written by a newer version of the library: its format is %lld, this one knows 1 to %u",
        kind, (long long)format, newest);
    error_hint(error, "Use that version here, too: all processes that share a store should have the same one.");
    return CUTOVER_E_UNSUPPORTED;
}

cutover_status record_parse(const struct record_type *type, const char *json, void *record,
                            cutover_error **error)
{
    cutover_error *why = NULL;
    memset(record, 0, type->size);
    struct json_object *object = json_parse(json, json != NULL ? strlen(json) : 0, &why);
    if (object == NULL && cutover_error_code(why) == CUTOVER_E_NOMEM) {
        error_move(error, why);
        return CUTOVER_E_NOMEM;
    }
    if (object == NULL) {
        error_set(error, CUTOVER_E_STORE, "%s: %s", type->kind, cutover_error_message(why));
        cutover_error_free(why);
        return CUTOVER_E_STORE;
    }

    cutover_status status = CUTOVER_OK;
    if (json_object_is_type(object, json_type_object)) {
        status = record_format_check(type->kind, object, type->format, error);
        if (status == CUTOVER_OK)
            status = read_fields(type, object, record, error);
    } else {
        status = error_set(error, CUTOVER_E_STORE, "%s: the record is not a JSON object", type->kind);
    }
    json_object_put(object);
    if (status != CUTOVER_OK)
        record_free(type, record);
    return status;
}

/* False when memory ran out; *value NULL is JSON's null. */
static bool write_field(const struct field *field, const void *member, struct json_object **value)
{
    const char *text = NULL;
    char time[TIME_TEXT_SIZE];

    *value = NULL;
    switch (field->type) {
    case FIELD_TEXT:
        text = *(char *const *)member;
        break;
    case FIELD_TIME:
        if (*(const int64_t *)member != 0) {
            time_format(*(const int64_t *)member, time);
            text = time;
        }
        break;
    case FIELD_INT:
        *value = json_object_new_int64(*(const int64_t *)member);
        return *value != NULL;
    case FIELD_BOOL:
        *value = json_object_new_boolean(*(const bool *)member);
        return *value != NULL;
    case FIELD_ENUM:
        for (int i = 0; i <= *(const int *)member && field->names[i] != NULL; i++)
            if (i == *(const int *)member)
                text = field->names[i];
        break;
    case FIELD_JSON:
        if (*(struct json_object *const *)member == NULL)
            return true;
        return json_object_deep_copy(*(struct json_object *const *)member, value, NULL) == 0;
    case FIELD_REST:
        break;
    }
    if (text == NULL)
        return true;
    *value = json_object_new_string(text);
    return *value != NULL;
}

static bool write_rest(struct json_object *object, struct json_object *rest)
{
    if (rest == NULL)
        return true;
    json_object_object_foreach(rest, name, value)
    {
        if (!add_copy(object, name, value))
            return false;
    }
    return true;
}

struct json_object *record_json(const struct record_type *type, const void *record)
{
    struct json_object *object = json_object_new_object();
    struct json_object *value = NULL;
    if (object == NULL)
        return NULL;
    if (type->format > 1) {
        value = json_object_new_int64(type->format);
        if (value == NULL)
            goto drop_object;
        if (json_object_object_add(object, format_name, value) != 0)
            goto drop_value;
    }
    for (const struct field *field = type->fields; field->name != NULL; field++) {
        if (field->type == FIELD_REST) {
            if (!write_rest(object, *(struct json_object *const *)const_member_of(field, record)))
                goto drop_object;
            continue;
        }
        if (!write_field(field, const_member_of(field, record), &value))
            goto drop_object;
        if (json_object_object_add(object, field->name, value) != 0)
            goto drop_value;
    }
    return object;

drop_value:
    json_object_put(value);
drop_object:
    json_object_put(object);
    return NULL;
}

cutover_status record_format(const struct record_type *type, const void *record, char **json,
                             cutover_error **error)
{
    struct json_object *object = record_json(type, record);
    cutover_status status = json_format(object, json, error);
    json_object_put(object);
    return status;
}

cutover_status record_copy(const struct record_type *type, const void *from, void *to, cutover_error **error)
{
    memcpy(to, from, type->size);
    for (const struct field *field = type->fields; field->name != NULL; field++)
        if (is_owned(field))
            memset(member_of(field, to), 0, sizeof(void *));

    for (const struct field *field = type->fields; field->name != NULL; field++) {
        const void *source = const_member_of(field, from);
        cutover_status status = CUTOVER_OK;
        struct json_object *tree = NULL;
        if (field->type == FIELD_TEXT) {
            status = string_copy(*(char *const *)source, member_of(field, to), error);
        } else if (is_owned(field) && *(struct json_object *const *)source != NULL) {
            if (json_object_deep_copy(*(struct json_object *const *)source, &tree, NULL) != 0)
                status = error_nomem(error);
            else
                *(struct json_object **)member_of(field, to) = tree;
        }
        if (status != CUTOVER_OK) {
            record_free(type, to);
            return status;
        }
    }
    return CUTOVER_OK;
}

void record_free(const struct record_type *type, void *record)
{
    if (record == NULL)
        return;
    for (const struct field *field = type->fields; field->name != NULL; field++) {
        if (field->type == FIELD_TEXT)
            free(*(char **)member_of(field, record));
        else if (is_owned(field))
            json_object_put(*(struct json_object **)member_of(field, record));
    }
    memset(record, 0, type->size);
}

cutover_status record_set_text(char **member, const char *value, cutover_error **error)
{
    char *copy = NULL;
    cutover_status status = string_copy(value, &copy, error);
    if (status != CUTOVER_OK)
        return status;
    free(*member);
    *member = copy;
    return CUTOVER_OK;
}
