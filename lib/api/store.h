/*
 * Documents of this interface's own in the host's store: kept keys, and jobs that wait to be run.
 */
#ifndef CUTOVER_API_STORE_H
#define CUTOVER_API_STORE_H

#include "api/api.h"

#include <json-c/json.h>

struct kept {
    struct json_object *body; /* NULL: there is no such document */
    uint64_t version;
};

/* Reads one; kept_free() it. */
cutover_status kept_get(cutover_api *api, const char *kind, const char *id, struct kept *kept,
                        cutover_error **error);
void kept_free(struct kept *kept);
/* Writes it at that version (0: it is not there yet). CUTOVER_E_CONFLICT when somebody was faster. */
cutover_status kept_put(cutover_api *api, const char *kind, const char *id, const char *project_id,
                        uint64_t version, const char *body, cutover_error **error);
/* Deletes it at that version. */
cutover_status kept_drop(cutover_api *api, const char *kind, const char *id, uint64_t version,
                         cutover_error **error);

typedef cutover_status (*kept_each)(cutover_api *api, const char *id, const struct kept *kept, void *context,
                                    cutover_error **error);
/* Calls `each` for all of a kind, page by page; it may write. */
cutover_status kept_walk(cutover_api *api, const char *kind, kept_each each, void *context,
                         cutover_error **error);

const char *kept_text(const struct kept *kept, const char *name); /* NULL: none */
int64_t kept_number(const struct kept *kept, const char *name);   /* 0: none */

#endif
