#include "job/leftover.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

const char *const leftover_kind_names[] = {
    [LEFTOVER_DATABASE] = "database", [LEFTOVER_FENCE] = "fence", [LEFTOVER_DOOR] = "door",
    [LEFTOVER_TRAFFIC] = "traffic",   [LEFTOVER_OTHER] = "other", NULL,
};

#define MEMBER(type, name) #name, type, offsetof(struct leftover, name)

static const struct field leftover_fields[] = {
    {MEMBER(FIELD_TEXT, id), NULL},
    {MEMBER(FIELD_TEXT, project_id), NULL},
    {MEMBER(FIELD_TEXT, job_id), NULL},
    {MEMBER(FIELD_ENUM, kind), leftover_kind_names},
    {MEMBER(FIELD_TEXT, name), NULL},
    {MEMBER(FIELD_INT, oid), NULL},
    {MEMBER(FIELD_TEXT, system_identifier), NULL},
    {MEMBER(FIELD_BOOL, elsewhere), NULL},
    {MEMBER(FIELD_TEXT, preview_id), NULL},
    {MEMBER(FIELD_JSON, fence), NULL},
    {MEMBER(FIELD_TEXT, message), NULL},
    {MEMBER(FIELD_TIME, since), NULL},
    {"", FIELD_REST, offsetof(struct leftover, rest), NULL},
    {NULL, FIELD_TEXT, 0, NULL},
};

const struct record_type leftover_type = {"leftover", sizeof(struct leftover), leftover_fields, 1};

/* Takes the record over, also on failure. */
static cutover_status append(struct leftovers *list, struct leftover *leftover, uint64_t version,
                             cutover_error **error)
{
    if (list->count == list->capacity) {
        size_t capacity = list->capacity == 0 ? 8 : list->capacity * 2;
        struct leftover *items = reallocarray(list->items, capacity, sizeof *items);
        if (items != NULL)
            list->items = items;
        uint64_t *versions = reallocarray(list->versions, capacity, sizeof *versions);
        if (versions != NULL)
            list->versions = versions;
        if (items == NULL || versions == NULL) {
            record_free(&leftover_type, leftover);
            return error_nomem(error);
        }
        list->capacity = capacity;
    }
    list->versions[list->count] = version;
    list->items[list->count++] = *leftover;
    memset(leftover, 0, sizeof *leftover);
    return CUTOVER_OK;
}

static cutover_status read_one(void *context, const struct document *document, cutover_error **error)
{
    struct leftover leftover = {0};
    cutover_status status = record_parse(&leftover_type, document->body, &leftover, error);

    if (status == CUTOVER_OK && (leftover.id == NULL || strcmp(leftover.id, document->id) != 0 ||
                                 leftover.project_id == NULL || leftover.job_id == NULL)) {
        record_free(&leftover_type, &leftover);
        return error_set(error, CUTOVER_E_STORE, "leftover %s in the store is damaged: it names no job",
                         document->id);
    }
    return status != CUTOVER_OK ? status : append(context, &leftover, document->version, error);
}

cutover_status leftovers_read(const struct host *host, const char *project_id, struct leftovers *list,
                              cutover_error **error)
{
    cutover_status status = document_walk(&host->store, leftover_type.kind, project_id, read_one, list, error);

    if (status != CUTOVER_OK)
        leftovers_free(list);
    return status;
}

cutover_status leftovers_add(struct leftovers *list, const struct leftover *like, const char *what,
                             const char *subject, const char *reason, cutover_error **error)
{
    struct text id = TEXT_INIT, message = TEXT_INIT;
    struct leftover made = {0};
    cutover_status status = record_copy(&leftover_type, like, &made, error);

    text_add_format(&id, "%s:%s", like->job_id, what);
    text_add_format(&message, "%s: %s", subject, reason);
    if (status == CUTOVER_OK && (text_failed(&id) || text_failed(&message)))
        status = error_nomem(error);
    if (status == CUTOVER_OK)
        status = record_set_text(&made.id, text_string(&id), error);
    if (status == CUTOVER_OK)
        status = record_set_text(&made.message, text_string(&message), error);
    text_free(&id);
    text_free(&message);
    if (status == CUTOVER_OK)
        return append(list, &made, 0, error);
    record_free(&leftover_type, &made);
    return status;
}

void leftovers_free(struct leftovers *list)
{
    for (size_t i = 0; i < list->count; i++)
        record_free(&leftover_type, &list->items[i]);
    free(list->items);
    free(list->versions);
    memset(list, 0, sizeof *list);
}

/* What an audit entry says of one; NULL when memory is exhausted. */
static struct json_object *told(const struct leftover *leftover)
{
    struct json_object *object = json_object_new_object();

    if (object != NULL) {
        json_put_text(object, "id", leftover->id);
        json_put_text(object, "kind", leftover_kind_names[leftover->kind]);
        json_put_text(object, "database", leftover->name);
        json_put_int(object, "oid", leftover->oid);
        json_put_text(object, "system_identifier", leftover->system_identifier);
        json_put_text(object, "message", leftover->message);
    }
    return object;
}

/* ---- one goes ---- */

static cutover_status remove_once(const struct host *host, const cutover_actor *actor, const char *action,
                                  const struct leftover *leftover, struct json_object *data,
                                  cutover_error **error)
{
    struct change *change = NULL;
    struct document now = {0};

    cutover_status status = change_begin(&host->store, &host->clock, leftover->project_id, &change, error);
    if (status == CUTOVER_OK)
        status = document_get(&host->store, leftover_type.kind, leftover->id, &now, error);
    if (status == CUTOVER_OK)
        status = change_put(change, leftover_type.kind, leftover->id, now.version, NULL, error);
    if (status == CUTOVER_OK)
        status = change_audit(change, action, actor, NULL, data, error);
    if (status == CUTOVER_OK)
        status = change_commit(change, error);
    document_free(&now);
    change_free(change);
    return status;
}

cutover_status leftover_remove(const struct host *host, const cutover_actor *actor, const char *action,
                               const struct leftover *leftover, const char *reason, cutover_error **error)
{
    struct json_object *data = told(leftover);
    cutover_error *cause = NULL;
    cutover_status status;
    unsigned attempt = 0;

    if (data == NULL)
        return error_nomem(error);
    json_put_text(data, "job_id", leftover->job_id);
    json_put_text(data, "reason", reason);
    do
        status = remove_once(host, actor, action, leftover, data, &cause);
    while (change_again(status, &attempt, &cause));
    json_object_put(data);
    error_move(error, cause);
    return status;
}

/* ---- with a job's end ---- */

/* An abandoning that was killed and is repeated finds what it wrote; what it finds gone meanwhile goes. */
static cutover_status put_one(const struct host *host, struct change *change, const struct leftover *leftover,
                              cutover_error **error)
{
    struct document there = {0};
    bool found = false;
    cutover_status status =
        document_find(&host->store, leftover_type.kind, leftover->id, &there, &found, error);

    if (status == CUTOVER_OK)
        status =
            change_put_record(change, &leftover_type, leftover->id, found ? there.version : 0, leftover, error);
    document_free(&there);
    return status;
}

/* Those that are too many, oldest first, but for those of the same id as a new one. */
static cutover_status drop_oldest(const struct leftovers *kept, const struct leftovers *added,
                                  struct change *change, struct json_object *forgotten, cutover_error **error)
{
    size_t all = kept->count + added->count, excess = all > LEFTOVERS_MAX ? all - LEFTOVERS_MAX : 0;
    cutover_status status = CUTOVER_OK;

    for (size_t i = 0; status == CUTOVER_OK && i < kept->count && excess > 0; i++) {
        const struct leftover *old = &kept->items[i];
        bool again = false;
        for (size_t k = 0; k < added->count; k++)
            again = again || strcmp(added->items[k].id, old->id) == 0;
        if (again)
            continue;
        status = change_put(change, leftover_type.kind, old->id, kept->versions[i], NULL, error);
        json_add(forgotten, told(old));
        excess--;
    }
    return status;
}

static cutover_status put_all(const struct host *host, const struct abandonment *abandonment,
                              struct change *change, const char *project_id, struct json_object *data,
                              cutover_error **error)
{
    struct json_object *list = json_object_new_array(), *forgotten = json_object_new_array();
    struct leftovers kept = {0};
    cutover_status status = CUTOVER_OK;

    for (size_t i = 0; status == CUTOVER_OK && i < abandonment->left.count; i++) {
        status = put_one(host, change, &abandonment->left.items[i], error);
        if (list != NULL)
            json_add(list, told(&abandonment->left.items[i]));
    }
    if (status == CUTOVER_OK && abandonment->left.count > 0)
        status = leftovers_read(host, project_id, &kept, error);
    if (status == CUTOVER_OK)
        status = drop_oldest(&kept, &abandonment->left, change, forgotten, error);
    leftovers_free(&kept);
    json_put_object(data, "left", list);
    json_put_object(data, "forgotten", forgotten);
    return status;
}

cutover_status abandonment_put(const struct host *host, const struct abandonment *abandonment,
                               struct change *change, const char *project_id, const char *request_id,
                               struct json_object *data, cutover_error **error)
{
    struct json_object *said = NULL;

    if (json_object_deep_copy(data, &said, NULL) != 0)
        return error_nomem(error);
    json_put_text(said, "reason", abandonment->reason);
    cutover_status status = put_all(host, abandonment, change, project_id, said, error);
    if (status == CUTOVER_OK)
        status = change_audit(change, "job.abandoned", abandonment->actor, request_id, said, error);
    json_object_put(said);
    return status;
}
