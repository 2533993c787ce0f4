#include "notify/webhook_endpoint.h"

#include "base/id.h"
#include "base/text.h"
#include "model/actor.h"
#include "notify/webhook_secret.h"
#include "notify/webhook_signature.h"
#include "store/ledger.h"

#include <stdlib.h>
#include <string.h>

_Static_assert(CUTOVER_WEBHOOK_URL_MAX == HTTP_URL_MAX, "one limit");

cutover_status webhook_read(const cutover_webhooks *webhooks, const char *webhook_id,
                            struct webhook_record *record, uint64_t *version, cutover_error **error)
{
    return document_get_record(&webhooks->store, &webhook_type, webhook_id, record, version, error);
}

cutover_status webhook_told(const struct webhook_record *record, struct json_object **data,
                            cutover_error **error)
{
    char *host = NULL;
    cutover_status status = http_url_host(record->url, &host, error);
    struct json_object *made = status == CUTOVER_OK ? json_object_new_object() : NULL;

    if (status == CUTOVER_OK && made == NULL)
        status = error_nomem(error);
    if (status == CUTOVER_OK) {
        json_put_text(made, "webhook_id", record->id);
        json_put_text(made, "host", host);
        *data = made;
    }
    free(host);
    return status;
}

static cutover_status url_check(const cutover_webhooks *webhooks, const char *field, const char *url,
                                cutover_error **error)
{
    return http_url_check(field, url, webhooks->allow_plain, webhooks->allow_private, error);
}

/* ---- a change of one endpoint ---- */

struct act {
    cutover_webhooks *webhooks;
    const cutover_actor *actor;
    const char *action;           /* of the audit entry */
    struct webhook_record record; /* as it was read, then as it is to be */
    uint64_t version;
    struct json_object *data; /* of the audit entry */
    struct change *change;
};

static void act_end(struct act *act)
{
    record_free(&webhook_type, &act->record);
    json_object_put(act->data);
    change_free(act->change);
    act->data = NULL;
    act->change = NULL;
}

static cutover_status act_begin(struct act *act, const char *webhook_id, cutover_error **error)
{
    cutover_webhooks *webhooks = act->webhooks;
    cutover_status status = webhook_read(webhooks, webhook_id, &act->record, &act->version, error);

    if (status == CUTOVER_OK)
        status = change_begin(&webhooks->store, &webhooks->clock, act->record.project_id, &act->change, error);
    return status;
}

/* The record as it is in `act` now; NULL deletes it. */
static cutover_status act_commit(struct act *act, bool deletes, cutover_error **error)
{
    const char *id = act->record.id;
    cutover_status status;

    if (act->data == NULL) {
        status = webhook_told(&act->record, &act->data, error);
        if (status != CUTOVER_OK)
            return status;
    }
    if (deletes)
        status = change_put(act->change, webhook_type.kind, id, act->version, NULL, error);
    else
        status = change_put_record(act->change, &webhook_type, id, act->version, &act->record, error);
    if (status == CUTOVER_OK)
        status = change_audit(act->change, act->action, act->actor, NULL, act->data, error);
    if (status == CUTOVER_OK)
        status = change_commit(act->change, error);
    if (status == CUTOVER_OK)
        act->version++;
    return status;
}

/* Hands the record over. */
static void act_give(struct act *act, struct webhook_record *record, uint64_t *version)
{
    *record = act->record;
    *version = act->version;
    memset(&act->record, 0, sizeof act->record);
}

/* ---- added ---- */

static cutover_status count_each(void *context, const struct document *document, cutover_error **error)
{
    (void)document;
    (void)error;
    ++*(unsigned *)context;
    return CUTOVER_OK;
}

static cutover_status count_check(const cutover_webhooks *webhooks, const char *project_id,
                                  cutover_error **error)
{
    unsigned count = 0;
    cutover_status status =
        document_walk(&webhooks->store, webhook_type.kind, project_id, count_each, &count, error);

    if (status != CUTOVER_OK || count < CUTOVER_WEBHOOK_MAX)
        return status;
    error_set(error, CUTOVER_E_STATE, "project %s has %u webhooks", project_id, count);
    error_hint(error, "There may be %d: remove one that is not needed.", CUTOVER_WEBHOOK_MAX);
    return CUTOVER_E_STATE;
}

static cutover_status record_fill(const cutover_webhooks *webhooks, const cutover_webhook_options *options,
                                  struct webhook_record *record, cutover_error **error)
{
    const int64_t now = clock_now(&webhooks->clock);
    char id[ID_SIZE];

    id_new(now, id);
    record->status = WEBHOOK_ENABLED;
    record->created_at = record->updated_at = record->secret_changed_at = now;
    cutover_status status = record_set_text(&record->id, id, error);
    if (status == CUTOVER_OK)
        status = record_set_text(&record->project_id, options->project_id, error);
    if (status == CUTOVER_OK)
        status = record_set_text(&record->url, options->url, error);
    if (status == CUTOVER_OK && options->description != NULL && options->description[0] != '\0')
        status = record_set_text(&record->description, options->description, error);
    if (status == CUTOVER_OK)
        status = record_set_text(&record->created_by_actor_id, options->actor->id, error);
    if (status == CUTOVER_OK)
        status = webhook_types_take("options.event_types", options->event_types, options->event_type_count,
                                    &record->event_types, error);
    return status;
}

static cutover_status add_once(struct act *act, const cutover_webhook_options *options, char **secret,
                               cutover_error **error)
{
    cutover_webhooks *webhooks = act->webhooks;
    struct webhook_secrets secrets = {NULL, 0};
    cutover_status status =
        change_begin(&webhooks->store, &webhooks->clock, options->project_id, &act->change, error);

    if (status == CUTOVER_OK)
        status = count_check(webhooks, options->project_id, error);
    if (status == CUTOVER_OK)
        status = record_fill(webhooks, options, &act->record, error);
    if (status == CUTOVER_OK) {
        act->record.after_sequence = change_last_event(act->change);
        status = webhook_secrets_add(&secrets, act->record.created_at, 0, secret, error);
    }
    if (status == CUTOVER_OK)
        status = webhook_secrets_put(&secrets, act->change, act->record.id, error);
    if (status == CUTOVER_OK)
        status = act_commit(act, false, error);
    webhook_secrets_free(&secrets);
    return status;
}

cutover_status webhook_add(cutover_webhooks *webhooks, const cutover_webhook_options *options, char **secret,
                           struct webhook_record *record, uint64_t *version, cutover_error **error)
{
    struct act act = {.webhooks = webhooks, .actor = options->actor, .action = "webhook.created"};
    cutover_error *cause = NULL;
    char *made = NULL;
    unsigned attempt = 0;
    cutover_status status = url_check(webhooks, "options.url", options->url, error);

    if (status == CUTOVER_OK)
        status =
            text_check("options.description", options->description, 0, CUTOVER_WEBHOOK_DESCRIPTION_MAX, error);
    if (status != CUTOVER_OK)
        return status;
    do {
        act_end(&act);
        act.version = 0;
        webhook_secret_free(made);
        made = NULL;
        status = add_once(&act, options, &made, &cause);
    } while (change_again(status, &attempt, &cause));
    if (status == CUTOVER_OK) {
        act_give(&act, record, version);
        *secret = made;
    } else {
        webhook_secret_free(made);
    }
    act_end(&act);
    error_move(error, cause);
    return status;
}

/* ---- changed ---- */

static bool is_same(const char *one, const char *other)
{
    return strcmp(one != NULL ? one : "", other != NULL ? other : "") == 0;
}

static cutover_status alter_text(char **member, const char *name, const char *value,
                                 struct json_object *changed, cutover_error **error)
{
    if (value == NULL || is_same(*member, value))
        return CUTOVER_OK;
    json_add(changed, json_object_new_string(name));
    return record_set_text(member, value[0] != '\0' ? value : NULL, error);
}

static cutover_status alter_types(struct webhook_record *record, const cutover_webhook_change *given,
                                  struct json_object *changed, cutover_error **error)
{
    struct json_object *types = NULL;

    if (given->event_types == NULL)
        return CUTOVER_OK;
    cutover_status status =
        webhook_types_take("change.event_types", given->event_types, given->event_type_count, &types, error);
    if (status != CUTOVER_OK)
        return status;
    if (json_object_equal(types, record->event_types)) {
        json_object_put(types);
        return CUTOVER_OK;
    }
    json_add(changed, json_object_new_string("event_types"));
    json_object_put(record->event_types);
    record->event_types = types;
    return CUTOVER_OK;
}

static cutover_status alter_status(struct webhook_record *record, const cutover_webhook_change *given,
                                   struct json_object *changed, cutover_error **error)
{
    const int wanted = given->enabled == CUTOVER_WEBHOOK_DISABLE ? WEBHOOK_DISABLED : WEBHOOK_ENABLED;

    if (given->enabled == CUTOVER_WEBHOOK_AS_IT_IS || record->status == wanted)
        return CUTOVER_OK;
    json_add(changed, json_object_new_string("status"));
    record->status = wanted;
    return record_set_text(&record->disabled_reason, wanted == WEBHOOK_DISABLED ? "by hand" : NULL, error);
}

static cutover_status alter_record(struct webhook_record *record, const cutover_webhook_change *given,
                                   struct json_object *changed, cutover_error **error)
{
    cutover_status status = alter_text(&record->url, "url", given->url, changed, error);

    if (status == CUTOVER_OK)
        status = alter_text(&record->description, "description", given->description, changed, error);
    if (status == CUTOVER_OK)
        status = alter_types(record, given, changed, error);
    if (status == CUTOVER_OK)
        status = alter_status(record, given, changed, error);
    if (status == CUTOVER_OK && !json_is_complete(changed))
        status = error_nomem(error);
    return status;
}

static cutover_status alter_once(struct act *act, const cutover_webhook_change *given, cutover_error **error)
{
    struct json_object *changed = json_object_new_array();
    cutover_status status = changed != NULL ? CUTOVER_OK : error_nomem(error);

    if (status == CUTOVER_OK)
        status = alter_record(&act->record, given, changed, error);
    if (status == CUTOVER_OK && json_object_array_length(changed) > 0) {
        act->record.updated_at = clock_now(&act->webhooks->clock);
        status = webhook_told(&act->record, &act->data, error);
        if (status == CUTOVER_OK)
            json_put_object(act->data, "changed", json_object_get(changed));
        if (status == CUTOVER_OK)
            status = act_commit(act, false, error);
    }
    json_object_put(changed);
    return status;
}

static cutover_status stale(const struct act *act, cutover_error **error)
{
    error_set(error, CUTOVER_E_CONFLICT, "webhook %s was changed meanwhile: it is at version %llu",
              act->record.id, (unsigned long long)act->version);
    error_hint(error, "Read it again, then decide.");
    return CUTOVER_E_CONFLICT;
}

cutover_status webhook_alter(cutover_webhooks *webhooks, const cutover_webhook_change *change,
                             struct webhook_record *record, uint64_t *version, cutover_error **error)
{
    struct act act = {.webhooks = webhooks, .actor = change->actor, .action = "webhook.updated"};
    cutover_error *cause = NULL;
    unsigned attempt = 0;
    bool is_stale = false;
    cutover_status status =
        change->url != NULL ? url_check(webhooks, "change.url", change->url, error) : CUTOVER_OK;

    if (status == CUTOVER_OK)
        status =
            text_check("change.description", change->description, 0, CUTOVER_WEBHOOK_DESCRIPTION_MAX, error);
    if (status != CUTOVER_OK)
        return status;
    do {
        act_end(&act);
        status = act_begin(&act, change->webhook_id, &cause);
        is_stale =
            status == CUTOVER_OK && change->expected_version != 0 && change->expected_version != act.version;
        if (is_stale)
            status = stale(&act, &cause);
        else if (status == CUTOVER_OK)
            status = alter_once(&act, change, &cause);
    } while (!is_stale && change_again(status, &attempt, &cause));
    if (status == CUTOVER_OK)
        act_give(&act, record, version);
    act_end(&act);
    error_move(error, cause);
    return status;
}

/* ---- removed ---- */

cutover_status webhook_remove(cutover_webhooks *webhooks, const cutover_actor *actor, const char *webhook_id,
                              struct webhook_record *record, cutover_error **error)
{
    struct act act = {.webhooks = webhooks, .actor = actor, .action = "webhook.deleted"};
    cutover_error *cause = NULL;
    unsigned attempt = 0;
    uint64_t version = 0;
    cutover_status status;

    do {
        act_end(&act);
        status = act_begin(&act, webhook_id, &cause);
        if (status == CUTOVER_OK)
            status = change_drop(act.change, "webhook_secret", webhook_id, &cause);
        if (status == CUTOVER_OK)
            status = act_commit(&act, true, &cause);
    } while (change_again(status, &attempt, &cause));
    if (status == CUTOVER_OK)
        act_give(&act, record, &version);
    act_end(&act);
    error_move(error, cause);
    return status;
}

/* ---- another secret ---- */

static cutover_status rotate_once(struct act *act, uint32_t overlap_s, char **secret, cutover_error **error)
{
    const int64_t now = clock_now(&act->webhooks->clock);
    struct webhook_secrets secrets = {NULL, 0};
    struct json_object *data = NULL;
    cutover_error *local = NULL;
    cutover_status status = webhook_secrets_read(&act->webhooks->store, act->record.id, &secrets, &local);

    if (status == CUTOVER_E_NOT_FOUND) { /* somebody deleted what was damaged */
        cutover_error_free(local);
        local = NULL;
        status = CUTOVER_OK;
    }
    error_move(error, local);
    if (status == CUTOVER_OK)
        status = webhook_secrets_add(&secrets, now, now + overlap_s * INT64_C(1000000), secret, error);
    if (status == CUTOVER_OK)
        status = webhook_secrets_put(&secrets, act->change, act->record.id, error);
    if (status == CUTOVER_OK)
        status = webhook_told(&act->record, &data, error);
    if (status == CUTOVER_OK) {
        json_put_int(data, "overlap_s", overlap_s);
        act->data = data;
        act->record.updated_at = act->record.secret_changed_at = now;
        status = act_commit(act, false, error);
    }
    webhook_secrets_free(&secrets);
    return status;
}

cutover_status webhook_rotate(cutover_webhooks *webhooks, const cutover_actor *actor, const char *webhook_id,
                              uint32_t overlap_s, char **secret, struct webhook_record *record,
                              uint64_t *version, cutover_error **error)
{
    struct act act = {.webhooks = webhooks, .actor = actor, .action = "webhook.secret_rotated"};
    cutover_error *cause = NULL;
    char *made = NULL;
    unsigned attempt = 0;
    cutover_status status;

    do {
        act_end(&act);
        webhook_secret_free(made);
        made = NULL;
        status = act_begin(&act, webhook_id, &cause);
        if (status == CUTOVER_OK)
            status = rotate_once(&act, overlap_s, &made, &cause);
    } while (change_again(status, &attempt, &cause));
    if (status == CUTOVER_OK) {
        act_give(&act, record, version);
        *secret = made;
    } else {
        webhook_secret_free(made);
    }
    act_end(&act);
    error_move(error, cause);
    return status;
}

/* ---- switched off ---- */

static cutover_status switch_off_once(struct act *act, const char *reason, cutover_error **error)
{
    struct json_object *data = NULL;
    cutover_status status = webhook_told(&act->record, &data, error);

    if (status != CUTOVER_OK)
        return status;
    json_put_text(data, "reason", reason);
    act->data = data;
    act->record.status = WEBHOOK_DISABLED;
    act->record.updated_at = clock_now(&act->webhooks->clock);
    status = record_set_text(&act->record.disabled_reason, reason, error);
    return status == CUTOVER_OK ? act_commit(act, false, error) : status;
}

cutover_status webhook_switch_off(cutover_webhooks *webhooks, const char *webhook_id, const char *reason,
                                  bool *done, cutover_error **error)
{
    struct act act = {.webhooks = webhooks, .actor = &actor_system, .action = "webhook.disabled"};
    cutover_error *cause = NULL;
    unsigned attempt = 0;
    cutover_status status;

    *done = false;
    do {
        act_end(&act);
        status = act_begin(&act, webhook_id, &cause);
        if (status != CUTOVER_OK || act.record.status == WEBHOOK_DISABLED)
            break;
        status = switch_off_once(&act, reason, &cause);
        *done = status == CUTOVER_OK;
    } while (change_again(status, &attempt, &cause));
    act_end(&act);
    if (status == CUTOVER_E_NOT_FOUND) {
        cutover_error_free(cause);
        return CUTOVER_OK;
    }
    error_move(error, cause);
    return status;
}
