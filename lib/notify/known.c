#include "notify/known.h"

#include "store/document.h"
#include "store/ledger.h"
#include "store/port.h"

#include <stdlib.h>
#include <string.h>

#define DAY_US (86400 * INT64_C(1000000))
#define KIND "notifiers"
#define ID "all"
#define FORMAT 1

/* The document, taken apart. */
struct known {
    uint64_t version; /* 0: it does not exist */
    int64_t day;
    int64_t days;
    struct json_object *object; /* all of it, as it was read */
    struct json_object *names;
    bool changed;
};

static void known_free(struct known *known)
{
    json_object_put(known->names);
    json_object_put(known->object);
    memset(known, 0, sizeof *known);
}

static cutover_status parse(const struct document *document, struct known *known, cutover_error **error)
{
    cutover_error *cause = NULL;
    struct json_object *object = json_parse(document->body, strlen(document->body), &cause);
    cutover_status status = object != NULL ? CUTOVER_OK : cutover_error_code(cause);
    struct json_object *names = json_member(object, "names");

    known->version = document->version;
    known->object = object;
    known->day = json_int_or(object, "day", -1);
    known->days = json_int_or(object, "days", -1);
    if (status == CUTOVER_OK)
        status = record_format_check(KIND, object, FORMAT, &cause);
    if (status != CUTOVER_E_NOMEM && status != CUTOVER_E_UNSUPPORTED &&
        (known->day < 0 || known->days < 0 || known->days > INT32_MAX ||
         !json_object_is_type(names, json_type_object))) {
        cutover_error_free(cause);
        cause = NULL;
        status = error_set(&cause, CUTOVER_E_STORE, "the list of notifiers in the store (%s %s) is damaged",
                           KIND, ID);
        error_hint(&cause, "Delete the document: notifiers make themselves known again.");
    }
    if (status == CUTOVER_OK)
        known->names = json_object_get(names);
    error_move(error, cause);
    return status;
}

/* *known is zeroed at first, and to be freed also on failure. */
static cutover_status read_known(const cutover_store *store, struct known *known, cutover_error **error)
{
    struct document document = {NULL, NULL, 0};
    cutover_error *cause = NULL;
    cutover_status status = document_get(store, KIND, ID, &document, &cause);

    if (status == CUTOVER_OK) {
        status = parse(&document, known, &cause);
    } else if (status == CUTOVER_E_NOT_FOUND) { /* nobody delivered yet */
        cutover_error_free(cause);
        cause = NULL;
        known->object = json_object_new_object();
        known->names = json_object_new_object();
        status = known->object != NULL && known->names != NULL ? CUTOVER_OK : error_nomem(&cause);
    }
    document_free(&document);
    error_move(error, cause);
    return status;
}

static void put_outlets(struct known *known, const struct outlets *outlets)
{
    for (size_t i = 0; i < outlets->count; i++) {
        const char *name = outlets->items[i].name;

        if (json_int_or(known->names, name, -1) == known->days)
            continue;
        json_put_int(known->names, name, known->days);
        known->changed = true;
    }
}

/* Copies those that stay. */
static cutover_status forget(struct known *known, struct log *log, cutover_error **error)
{
    struct json_object *kept = json_object_new_object();

    if (kept == NULL || !json_is_complete(known->names)) {
        json_object_put(kept);
        return error_nomem(error);
    }
    json_object_object_foreach(known->names, name, value)
    {
        int64_t days = json_object_get_int64(value);
        if (days >= known->days - KNOWN_DAYS) {
            json_put_int(kept, name, days);
            continue;
        }
        known->changed = true;
        log_line(log, LOG_WARNING_LEVEL,
                 "notifier %s: no engine has had it for %d days of deliveries; events wait for it no longer",
                 name, KNOWN_DAYS);
    }
    json_object_put(known->names);
    known->names = kept;
    return json_is_complete(kept) ? CUTOVER_OK : error_nomem(error);
}

static cutover_status save(const cutover_store *store, const struct known *known, cutover_error **error)
{
    cutover_write write = {CUTOVER_WRITE_VERSION, KIND, ID, "", known->version, NULL};
    char *body = NULL;

    json_put_int(known->object, "day", known->day);
    json_put_int(known->object, "days", known->days);
    json_put_object(known->object, "names", json_object_get(known->names));
    cutover_status status = json_format(known->object, &body, error);
    write.body = body;
    if (status == CUTOVER_OK)
        status = store_save(store, &write, error);
    free(body);
    return status;
}

static cutover_status announce(const cutover_store *store, const struct clock *clock,
                               const struct outlets *outlets, struct log *log, struct known *known,
                               cutover_error **error)
{
    int64_t today = clock_now(clock) / DAY_US;
    cutover_status status = read_known(store, known, error);

    if (status != CUTOVER_OK)
        return status;
    if (today > known->day) {
        known->day = today;
        known->days++;
        known->changed = true;
    }
    put_outlets(known, outlets);
    status = forget(known, log, error);
    if (status == CUTOVER_OK && known->changed)
        status = save(store, known, error);
    return status;
}

cutover_status known_announce(const cutover_store *store, const struct clock *clock,
                              const struct outlets *outlets, struct log *log, struct json_object **names,
                              cutover_error **error)
{
    struct known known = {.names = NULL};
    cutover_error *cause = NULL;
    cutover_status status;
    unsigned attempt = 0;

    do {
        known_free(&known);
        status = announce(store, clock, outlets, log, &known, &cause);
    } while (change_again(status, &attempt, &cause));
    if (status == CUTOVER_OK)
        *names = json_object_get(known.names);
    known_free(&known);
    error_move(error, cause);
    return status;
}

cutover_status known_read(const cutover_store *store, const struct outlets *outlets, struct json_object **names,
                          cutover_error **error)
{
    struct known known = {.names = NULL};
    cutover_status status = read_known(store, &known, error);

    if (status == CUTOVER_OK) {
        put_outlets(&known, outlets);
        status = json_is_complete(known.names) ? CUTOVER_OK : error_nomem(error);
    }
    if (status == CUTOVER_OK)
        *names = json_object_get(known.names);
    known_free(&known);
    return status;
}
