/*
 * The lists in a database's properties (postgres/properties.h): acl, settings, labels.
 */
#ifndef CUTOVER_POSTGRES_PROPERTIES_LIST_H
#define CUTOVER_POSTGRES_PROPERTIES_LIST_H

#include "base/json.h"

#include <stddef.h>

/* 0 where there is no such list, or no properties. */
size_t properties_count(struct json_object *properties, const char *list);
struct json_object *properties_item(struct json_object *properties, const char *list, size_t index);

#endif
