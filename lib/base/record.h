/*
 * Records: C structs that are stored as JSON objects, described by a table of fields. One codec for all of them.
 * A record struct is zeroed memory whose pointer members (FIELD_TEXT, FIELD_JSON, FIELD_REST) it owns.
 *
 * Libraries of different versions may share a store. A new member is added to the table: an older library does not know it and,
 * where the record has a FIELD_REST, writes it back as it read it. When what is there means something else than before, or an
 * older library must not go on without the new member, the format of the record counts up: an older library refuses to read it,
 * and so never writes it either.
 */
#ifndef CUTOVER_BASE_RECORD_H
#define CUTOVER_BASE_RECORD_H

#include "base/json.h"

enum field_type {
    FIELD_TEXT, /* char *; NULL is null */
    FIELD_TIME, /* int64_t microseconds; 0 is null; RFC 3339 in JSON */
    FIELD_INT,  /* int64_t */
    FIELD_BOOL, /* bool */
    FIELD_ENUM, /* int; index into names */
    FIELD_JSON, /* struct json_object *; NULL is null */
    FIELD_REST  /* struct json_object *: the members that are in no other field; NULL: none. Its name is "". */
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
    unsigned format; /* the newest that this library knows, from 1: the member "format", absent where it is 1 */
};

/* Parses untrusted JSON; unknown members go to the FIELD_REST, or are ignored where there is none; wrong types are
   CUTOVER_E_STORE naming kind and member, a newer format is CUTOVER_E_UNSUPPORTED. A member that is absent or null is zero; for a
   FIELD_ENUM only where its first name is "", else CUTOVER_E_STORE. *record is zeroed first and is freed again on failure. */
cutover_status record_parse(const struct record_type *type, const char *json, void *record,
                            cutover_error **error);
/* The same check of a document that has no table: CUTOVER_E_UNSUPPORTED when its format is newer than that. */
cutover_status record_format_check(const char *kind, struct json_object *object, unsigned newest,
                                   cutover_error **error);
/* The JSON object with every field, in table order, then the rest; NULL when memory is exhausted. The caller puts it. */
struct json_object *record_json(const struct record_type *type, const void *record);
/* The same as one line of text, owned by the caller. */
cutover_status record_format(const struct record_type *type, const void *record, char **json,
                             cutover_error **error);
cutover_status record_copy(const struct record_type *type, const void *from, void *to, cutover_error **error);
void record_free(const struct record_type *type, void *record);
/* Replaces a FIELD_TEXT member's value by a copy (NULL clears). */
cutover_status record_set_text(char **member, const char *value, cutover_error **error);

#endif
