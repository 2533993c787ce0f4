/*
 * What the record codec and the json_* functions of record.h share.
 */
#ifndef CUTOVER_BASE_JSON_H
#define CUTOVER_BASE_JSON_H

#include "base/record.h"

/* The text of a JSON string, borrowed; NULL for another type and for a string that holds a NUL. */
const char *json_text(struct json_object *value);

#endif
