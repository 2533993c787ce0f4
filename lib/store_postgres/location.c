/*
 * A store by one line of text.
 */
#include "base/error.h"

#include <cutover/store.h>

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static const char *after(const char *text, const char *prefix)
{
    size_t length = strlen(prefix);

    return strncmp(text, prefix, length) == 0 ? text + length : NULL;
}

/* One that libpq does not take is told of later, by whoever opens it. */
static bool holds_secret(const char *conninfo)
{
    PQconninfoOption *options = PQconninfoParse(conninfo, NULL);
    bool found = false;

    for (const PQconninfoOption *option = options; option != NULL && option->keyword != NULL; option++)
        found = found || (option->val != NULL && strchr(option->dispchar, '*') != NULL);
    PQconninfoFree(options);
    return found;
}

cutover_status cutover_store_open(const char *location, cutover_store *store, cutover_error **error)
{
    error_begin(error);
    if (location == NULL)
        return error_set(error, CUTOVER_E_INVALID, "location: required");
    const char *path = after(location, "sqlite:"), *conninfo = after(location, "postgres:");
    if (path != NULL)
        return cutover_store_sqlite_open(path, store, error);
    if (after(location, "postgres://") != NULL || after(location, "postgresql://") != NULL)
        conninfo = location;
    if (conninfo == NULL) {
        error_set(error, CUTOVER_E_INVALID, "the store is neither sqlite:PATH nor postgres:CONNINFO");
        error_hint(error, "Write sqlite:/srv/cutover/cutover.db or \"postgres:host=… dbname=… user=…\".");
        return CUTOVER_E_INVALID;
    }
    if (holds_secret(conninfo)) {
        error_set(error, CUTOVER_E_INVALID,
                  "the store's connection string holds a password, which others could read");
        error_hint(error, "Keep it in a password file: PGPASSFILE names one, ~/.pgpass is the usual one.");
        return CUTOVER_E_INVALID;
    }
    return cutover_store_postgres_open(conninfo, NULL, store, error);
}
