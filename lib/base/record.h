/*
 * Records: C structs that are stored as JSON objects, described by a table of fields. One codec for all of them.
 * A record struct is zeroed memory whose pointer members (FIELD_TEXT, FIELD_JSON) it owns.
 */
#ifndef CUTOVER_BASE_RECORD_H
#define CUTOVER_BASE_RECORD_H

#include "base/error.h"

#include <json-c/json.h>
#include <stdbool.h>

enum field_type {
    FIELD_TEXT, /* char *; NULL is null */
    FIELD_TIME, /* int64_t microseconds; 0 is null; RFC 3339 in JSON */
    FIELD_INT,  /* int64_t */
    FIELD_BOOL, /* bool */
    FIELD_ENUM, /* int; index into names */
    FIELD_JSON  /* struct json_object *; NULL is null */
};

struct field {
    const char *name;
    enum field_type type;
    size_t offset;
    const char *const *names; /* FIELD_ENUM: NULL-terminated */
};

struct record_type {
    const char *kind; /* "request" */
    size_t size;
    const struct field *fields; /* ended by a NULL name */
};

/* Parses untrusted JSON; unknown members are ignored, wrong types are CUTOVER_E_STORE naming kind and member.
   A member that is absent or null is zero; for a FIELD_ENUM only where its first name is "", else CUTOVER_E_STORE.
   *record is zeroed first and is freed again on failure. */
cutover_status record_parse(const struct record_type *type, const char *json, void *record,
                            cutover_error **error);
/* The JSON object with every field, in table order; NULL when memory is exhausted. The caller puts it. */
struct json_object *record_json(const struct record_type *type, const void *record);
/* The same as one line of text, owned by the caller. */
cutover_status record_format(const struct record_type *type, const void *record, char **json,
                             cutover_error **error);
cutover_status record_copy(const struct record_type *type, const void *from, void *to, cutover_error **error);
void record_free(const struct record_type *type, void *record);
/* Replaces a FIELD_TEXT member's value by a copy (NULL clears). */
cutover_status record_set_text(char **member, const char *value, cutover_error **error);

/* json-c in one line each; `json_*_or` return the default when the member is missing or of another type. A json_put
   that runs out of memory makes json_format() of that object fail. json_parse() refuses with CUTOVER_E_INVALID. */
struct json_object *json_parse(const char *text, size_t length, cutover_error **error); /* object or array */
const char *json_text_or(struct json_object *object, const char *name, const char *otherwise);
int64_t json_int_or(struct json_object *object, const char *name, int64_t otherwise);
bool json_bool_or(struct json_object *object, const char *name, bool otherwise);
struct json_object *json_member(struct json_object *object, const char *name);       /* borrowed or NULL */
void json_put_text(struct json_object *object, const char *name, const char *value); /* NULL: null */
void json_put_int(struct json_object *object, const char *name, int64_t value);
void json_put_bool(struct json_object *object, const char *name, bool value);
void json_put_double(struct json_object *object, const char *name, double value);
void json_put_time(struct json_object *object, const char *name, int64_t us); /* 0: null */
/* These take the value over; one that is NULL could not be made. */
void json_put_object(struct json_object *object, const char *name, struct json_object *value);
void json_add(struct json_object *array, struct json_object *value);
/* False when something could not be put into it, or into what it holds. */
bool json_is_complete(struct json_object *value);
/* One line, plain, slashes not escaped, owned by the caller. CUTOVER_E_NOMEM for NULL, so that a builder checks once;
   CUTOVER_E_INVALID for text that is not UTF-8. */
cutover_status json_format(struct json_object *object, char **text, cutover_error **error);

#endif
