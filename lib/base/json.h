/*
 * json-c in one line each, and a parser that is stricter than json-c's.
 */
#ifndef CUTOVER_BASE_JSON_H
#define CUTOVER_BASE_JSON_H

#include "base/error.h"

#include <json-c/json.h>
#include <stdbool.h>

/* json-c in one line each; `json_*_or` return the default when the member is missing or of another type. A json_put
   that runs out of memory makes json_format() of that object fail. json_parse() refuses with CUTOVER_E_INVALID
   what JSON is not (RFC 8259); it takes UTF-8 with whichever json-c: texts of earlier versions, of servers and hosts. */
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
/* One line of ASCII, plain, slashes not escaped, owned by the caller: every json-c, and every other reader, strict or not, takes
   it. CUTOVER_E_NOMEM for NULL, so that a builder checks once;
   CUTOVER_E_INVALID for text that is not UTF-8. */
cutover_status json_format(struct json_object *object, char **text, cutover_error **error);

/* The error that error_json() wrote; NULL where the object holds none, or memory is exhausted. A code that is not known, a newer
   version's, is CUTOVER_E_INTERNAL. */
cutover_error *json_error(struct json_object *object);

/* The text of a JSON string, borrowed; NULL for another type and for a string that holds a NUL. */
const char *json_text(struct json_object *value);

#endif
