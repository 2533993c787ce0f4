#include "store/ledger.h"

#include "base/id.h"
#include "base/text.h"
#include "model/request.h"
#include "store/port.h"

#include <json-c/json.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#define LEDGER_FORMAT 1
#define ENTRY_ID_SIZE (STORE_ID_MAX + 1)
/* Ids have 12 hex digits, and one commit adds fewer entries than it has writes. */
#define SEQUENCE_LIMIT ((INT64_C(1) << 48) - STORE_COMMIT_MAX)

struct change {
    cutover_store store;
    struct clock clock;
    char *project_id;
    uint64_t ledger_version;
    struct json_object *ledger; /* as it was read; NULL before the project's first change */
    int64_t audit;              /* entries so far, this change's included */
    int64_t events;
    cutover_write writes[STORE_COMMIT_MAX]; /* the ledger's own goes last */
    size_t count;
    bool committed;
};

static cutover_status read_ledger(struct change *change, cutover_error **error)
{
    struct document document = {NULL, NULL, 0};
    cutover_error *cause = NULL;
    cutover_status status = document_get(&change->store, "ledger", change->project_id, &document, &cause);

    if (status == CUTOVER_E_NOT_FOUND) { /* the project's first change */
        cutover_error_free(cause);
        return CUTOVER_OK;
    }
    if (status != CUTOVER_OK)
        goto done;
    change->ledger = json_parse(document.body, strlen(document.body), &cause);
    change->ledger_version = document.version;
    change->audit = json_int_or(change->ledger, "audit", -1);
    change->events = json_int_or(change->ledger, "events", -1);
    if (change->ledger == NULL && cutover_error_code(cause) == CUTOVER_E_NOMEM) {
        status = CUTOVER_E_NOMEM;
    } else if (record_format_check("ledger", change->ledger, LEDGER_FORMAT, &cause) == CUTOVER_E_UNSUPPORTED) {
        status = CUTOVER_E_UNSUPPORTED;
    } else if (change->audit < 0 || change->audit >= SEQUENCE_LIMIT || change->events < 0 ||
               change->events >= SEQUENCE_LIMIT) {
        cutover_error_free(cause);
        cause = NULL;
        status = error_set(&cause, CUTOVER_E_STORE, "the ledger of project %s is damaged", change->project_id);
    }
done:
    document_free(&document);
    error_move(error, cause);
    return status;
}

cutover_status change_begin(const cutover_store *store, const struct clock *clock, const char *project_id,
                            struct change **change, cutover_error **error)
{
    struct change *begun;
    cutover_status status;

    if (project_id == NULL || project_id[0] == '\0')
        return error_set(error, CUTOVER_E_INTERNAL, "a change needs a project");
    begun = calloc(1, sizeof *begun);
    if (begun == NULL)
        return error_nomem(error);
    begun->store = *store;
    begun->clock = *clock;
    status = string_copy(project_id, &begun->project_id, error);
    if (status == CUTOVER_OK)
        status = read_ledger(begun, error);
    if (status != CUTOVER_OK) {
        change_free(begun);
        return status;
    }
    *change = begun;
    return CUTOVER_OK;
}

static void free_write(cutover_write *write)
{
    free((char *)write->kind);
    free((char *)write->id);
    free((char *)write->body);
}

/* Takes body over, also on failure. The last place is the ledger's. */
static cutover_status add_write(struct change *change, const char *kind, const char *id,
                                uint64_t expected_version, char *body, size_t places, cutover_error **error)
{
    cutover_write write = {CUTOVER_WRITE_VERSION, NULL, NULL, change->project_id, expected_version, body};
    char *kind_copy = NULL, *id_copy = NULL;
    cutover_status status = CUTOVER_OK;

    if (change->committed)
        status = error_set(error, CUTOVER_E_INTERNAL, "a change was used after its commit");
    else if (change->count >= places)
        status = error_set(error, CUTOVER_E_INTERNAL, "a change has more than %zu writes", places);
    for (size_t i = 0; i < change->count && status == CUTOVER_OK; i++)
        if (strcmp(change->writes[i].kind, kind) == 0 && strcmp(change->writes[i].id, id) == 0)
            status = error_set(error, CUTOVER_E_INTERNAL, "a change writes %s %s twice", kind, id);
    if (status == CUTOVER_OK)
        status = string_copy(kind, &kind_copy, error);
    if (status == CUTOVER_OK)
        status = string_copy(id, &id_copy, error);
    write.kind = kind_copy;
    write.id = id_copy;
    if (status == CUTOVER_OK)
        change->writes[change->count++] = write;
    else
        free_write(&write);
    return status;
}

cutover_status change_put(struct change *change, const char *kind, const char *id, uint64_t expected_version,
                          const char *body, cutover_error **error)
{
    char *copy = NULL;
    cutover_status status = string_copy(body, &copy, error);

    if (status != CUTOVER_OK)
        return status;
    return add_write(change, kind, id, expected_version, copy, STORE_COMMIT_MAX - 1, error);
}

cutover_status change_drop(struct change *change, const char *kind, const char *id, cutover_error **error)
{
    struct document document = {0};
    bool found = false;

    cutover_status status = document_find(&change->store, kind, id, &document, &found, error);
    if (status == CUTOVER_OK && found)
        status = change_put(change, kind, id, document.version, NULL, error);
    document_free(&document);
    return status;
}

cutover_status change_put_record(struct change *change, const struct record_type *type, const char *id,
                                 uint64_t expected_version, const void *record, cutover_error **error)
{
    char *body = NULL;
    cutover_status status = record_format(type, record, &body, error);

    if (status != CUTOVER_OK)
        return status;
    return add_write(change, type->kind, id, expected_version, body, STORE_COMMIT_MAX - 1, error);
}

/* Adds a reference to `value`, which may be NULL. */
static cutover_status put_json(struct json_object *object, const char *name, struct json_object *value,
                               cutover_error **error)
{
    if (json_object_object_add(object, name, json_object_get(value)) == 0)
        return CUTOVER_OK;
    json_object_put(value);
    return error_nomem(error);
}

/* Writes the entry as a new document of the project; takes the object over. */
static cutover_status add_entry(struct change *change, const char *kind, int64_t sequence,
                                struct json_object *entry, cutover_error **error)
{
    char id[ENTRY_ID_SIZE];
    char *body = NULL;
    int length = snprintf(id, sizeof id, "%s:%012llx", change->project_id, (unsigned long long)sequence);
    cutover_status status = json_format(entry, &body, error);

    json_object_put(entry);
    if (status != CUTOVER_OK)
        return status;
    if (length < 0 || (size_t)length >= sizeof id) {
        free(body);
        return error_set(error, CUTOVER_E_INVALID, "the project's id is longer than 100 bytes");
    }
    return add_write(change, kind, id, 0, body, STORE_COMMIT_MAX - 1, error);
}

static cutover_status new_entry(int64_t now, struct json_object **entry, cutover_error **error)
{
    char id[ID_SIZE];

    *entry = json_object_new_object();
    if (*entry == NULL)
        return error_nomem(error);
    id_new(now, id);
    json_put_text(*entry, "id", id);
    return CUTOVER_OK;
}

cutover_status change_audit(struct change *change, const char *action, const cutover_actor *actor,
                            const char *request_id, struct json_object *data, cutover_error **error)
{
    int64_t now = clock_now(&change->clock), sequence = change->audit + 1;
    struct json_object *entry;
    cutover_status status;

    if (actor->kind < CUTOVER_ACTOR_USER || actor->kind > CUTOVER_ACTOR_SYSTEM)
        return error_set(error, CUTOVER_E_INVALID, "actor.kind: %d is no kind of actor", (int)actor->kind);
    status = new_entry(now, &entry, error);
    if (status != CUTOVER_OK)
        return status;
    json_put_int(entry, "sequence", sequence);
    json_put_text(entry, "action", action);
    json_put_text(entry, "project_id", change->project_id);
    json_put_text(entry, "request_id", request_id);
    json_put_text(entry, "actor_id", actor->id);
    json_put_text(entry, "actor_kind", actor_kind_names[actor->kind]);
    json_put_time(entry, "at", now);
    status = put_json(entry, "data", data, error);
    if (status != CUTOVER_OK) {
        json_object_put(entry);
        return status;
    }
    status = add_entry(change, "audit", sequence, entry, error);
    if (status == CUTOVER_OK)
        change->audit = sequence;
    return status;
}

cutover_status change_event(struct change *change, const char *type, const char *request_id,
                            struct json_object *data, cutover_error **error)
{
    int64_t now = clock_now(&change->clock), sequence = change->events + 1;
    struct json_object *entry;
    cutover_status status = new_entry(now, &entry, error);

    if (status != CUTOVER_OK)
        return status;
    json_put_text(entry, "type", type);
    json_put_text(entry, "project_id", change->project_id);
    json_put_int(entry, "sequence", sequence);
    json_put_time(entry, "created_at", now);
    json_put_text(entry, "request_id", request_id);
    status = put_json(entry, "data", data, error);
    if (status != CUTOVER_OK) {
        json_object_put(entry);
        return status;
    }
    status = add_entry(change, "event", sequence, entry, error);
    if (status == CUTOVER_OK)
        change->events = sequence;
    return status;
}

int64_t change_last_event(const struct change *change)
{
    return change->events;
}

cutover_status change_announce(struct change *change, const char *name, const cutover_actor *actor,
                               const char *request_id, struct json_object *data, cutover_error **error)
{
    cutover_status status = change_audit(change, name, actor, request_id, data, error);

    return status != CUTOVER_OK ? status : change_event(change, name, request_id, data, error);
}

static cutover_status put_ledger(struct change *change, cutover_error **error)
{
    char *body = NULL;
    cutover_status status;

    if (change->ledger == NULL && (change->ledger = json_object_new_object()) == NULL)
        return error_nomem(error);
    json_put_int(change->ledger, "audit", change->audit);
    json_put_int(change->ledger, "events", change->events);
    status = json_format(change->ledger, &body, error);
    if (status != CUTOVER_OK)
        return status;
    return add_write(change, "ledger", change->project_id, change->ledger_version, body, STORE_COMMIT_MAX,
                     error);
}

cutover_status change_commit(struct change *change, cutover_error **error)
{
    const cutover_write *writes[STORE_COMMIT_MAX];
    cutover_status status = put_ledger(change, error);

    if (status != CUTOVER_OK)
        return status;
    change->committed = true;
    for (size_t i = 0; i < change->count; i++)
        writes[i] = &change->writes[i];
    return store_commit(&change->store, writes, change->count, error);
}

void change_free(struct change *change)
{
    if (change == NULL)
        return;
    for (size_t i = 0; i < change->count; i++)
        free_write(&change->writes[i]);
    json_object_put(change->ledger);
    free(change->project_id);
    free(change);
}

static void pause_before(unsigned attempt)
{
    long longest_ns = 500000L << (attempt < 7 ? attempt : 7); /* 64 ms at most */
    uint32_t random = 0;
    struct timespec pause = {0, longest_ns / 2};

    if (getrandom(&random, sizeof random, GRND_NONBLOCK) == (ssize_t)sizeof random)
        pause.tv_nsec = (long)(random % (uint32_t)longest_ns);
    nanosleep(&pause, NULL);
}

bool change_again(cutover_status status, unsigned *attempt, cutover_error **cause)
{
    if (status != CUTOVER_E_CONFLICT || ++*attempt >= CHANGE_TRIES)
        return false;
    cutover_error_free(*cause);
    *cause = NULL;
    pause_before(*attempt);
    return true;
}
