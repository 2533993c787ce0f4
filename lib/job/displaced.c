#include "job/displaced.h"

#include "base/text.h"
#include "postgres/database.h"
#include "store/ledger.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* What would be lost with the database, or would make the drop fail. */
static const char hangers_sql[] =
    "SELECT pg_catalog.string_agg(what, ', ' ORDER BY what) FROM ("
    "SELECT 'subscription ' || subname FROM pg_catalog.pg_subscription WHERE subdbid = $1::oid"
    " UNION ALL SELECT 'replication slot ' || slot_name FROM pg_catalog.pg_replication_slots WHERE database = "
    "$2"
    " UNION ALL SELECT 'prepared transaction ' || gid FROM pg_catalog.pg_prepared_xacts WHERE database = $2"
    ") AS hangers (what)";

static const char size_sql[] = "SELECT pg_catalog.pg_database_size($1::oid)::text";

static cutover_status size_read(struct session *control, struct displaced *item, cutover_error **error)
{
    char oid[16];
    char *size = NULL;

    snprintf(oid, sizeof oid, "%" PRIu32, item->oid);
    cutover_status status = session_value(control, size_sql, 1, (const char *const[]){oid}, &size, error);
    if (status == CUTOVER_OK && size != NULL)
        item->size = strtoull(size, NULL, 10);
    free(size);
    return status;
}

/* The record's production, if it is there under another name. An OID that two jobs displaced counts for the later one. */
static cutover_status job_look(struct session *control, const struct promotion_record *record,
                               struct displaced_list *list, cutover_error **error)
{
    uint32_t oid = (uint32_t)record->production_oid;
    char *name = NULL;
    struct displaced *item = NULL;

    if (record->status != PROMOTION_COMPLETED || !record->swapped || promotion_target_preview(record) != NULL)
        return CUTOVER_OK;
    cutover_status status = database_name_of(control, oid, &name, error);
    if (status != CUTOVER_OK || name == NULL || strcmp(name, record->production_name) == 0) {
        free(name);
        return status;
    }
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].oid == oid)
            item = &list->items[i];
    if (item == NULL && list->count == list->capacity) {
        size_t capacity = list->capacity == 0 ? 8 : list->capacity * 2;
        struct displaced *grown = reallocarray(list->items, capacity, sizeof *grown);
        if (grown == NULL) {
            free(name);
            return error_nomem(error);
        }
        list->items = grown;
        list->capacity = capacity;
    }
    if (item == NULL) {
        item = &list->items[list->count++];
        memset(item, 0, sizeof *item);
    }
    free(item->name);
    item->name = name;
    item->oid = oid;
    item->at = record->completed_at;
    status = record_set_text(&item->promotion_id, record->id, error);
    if (status == CUTOVER_OK)
        status =
            record_set_text(&item->request_id, record->request_id != NULL ? record->request_id : "", error);
    return status != CUTOVER_OK ? status : size_read(control, item, error);
}

struct looking {
    struct session *control;
    struct displaced_list *list;
};

static cutover_status look(void *context, const struct document *document, cutover_error **error)
{
    struct looking *looking = context;
    struct promotion_record record = {0};
    cutover_status status = record_parse(&promotion_type, document->body, &record, error);

    if (status == CUTOVER_OK)
        status = job_look(looking->control, &record, looking->list, error);
    record_free(&promotion_type, &record);
    return status;
}

cutover_status displaced_find(struct host *host, const struct project *project, struct session *control,
                              struct displaced_list *list, cutover_error **error)
{
    struct looking looking = {control, list};

    memset(list, 0, sizeof *list);
    cutover_status status =
        document_walk(&host->store, promotion_type.kind, project->id, look, &looking, error);
    if (status != CUTOVER_OK)
        displaced_list_free(list);
    return status;
}

void displaced_list_free(struct displaced_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i].name);
        free(list->items[i].promotion_id);
        free(list->items[i].request_id);
    }
    free(list->items);
    memset(list, 0, sizeof *list);
}

static cutover_status drop_audit_once(struct host *host, const cutover_actor *actor, const char *project_id,
                                      const struct displaced *displaced, cutover_error **error)
{
    struct change *change = NULL;
    struct json_object *data = json_object_new_object();

    if (data == NULL)
        return error_nomem(error);
    json_put_text(data, "database", displaced->name);
    json_put_int(data, "oid", displaced->oid);
    json_put_text(data, "job_id", displaced->promotion_id);
    cutover_status status = change_begin(&host->store, &host->clock, project_id, &change, error);
    if (status == CUTOVER_OK)
        status = change_audit(change, "displaced.dropped", actor,
                              displaced->request_id[0] != '\0' ? displaced->request_id : NULL, data, error);
    if (status == CUTOVER_OK)
        status = change_commit(change, error);
    change_free(change);
    json_object_put(data);
    return status;
}

static cutover_status drop_audit(struct host *host, const cutover_actor *actor, const char *project_id,
                                 const struct displaced *displaced, cutover_error **error)
{
    cutover_error *cause = NULL;
    cutover_status status;
    unsigned attempt = 0;

    do
        status = drop_audit_once(host, actor, project_id, displaced, &cause);
    while (change_again(status, &attempt, &cause));
    error_move(error, cause);
    return status;
}

cutover_status displaced_drop(struct host *host, const cutover_actor *actor, const struct project *project,
                              struct session *control, const struct displaced *displaced, cutover_error **error)
{
    char oid[16];
    char *hangers = NULL;

    snprintf(oid, sizeof oid, "%" PRIu32, displaced->oid);
    cutover_status status =
        session_value(control, hangers_sql, 2, (const char *const[]){oid, displaced->name}, &hangers, error);
    if (status == CUTOVER_OK && hangers != NULL) {
        status =
            error_set(error, CUTOVER_E_STATE, "%s is not dropped: on it hang %s", displaced->name, hangers);
        error_hint(error, "Drop these first, or move them to where they belong now.");
    }
    free(hangers);
    /* Told before it is done: an audit entry for a drop that then failed is better than a drop without one. */
    if (status == CUTOVER_OK)
        status = drop_audit(host, actor, project->id, displaced, error);
    return status != CUTOVER_OK ? status : database_drop(control, displaced->name, displaced->oid, error);
}
