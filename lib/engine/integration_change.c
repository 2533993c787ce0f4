/* What people do with an integration: connect, disconnect, ask for a sync. Each is one commit with its audit entry. */
#include "base/id.h"
#include "base/text.h"
#include "engine/engine.h"
#include "engine/integration.h"
#include "notify/integration_check.h"
#include "notify/integration_options.h"
#include "notify/integration_secrets.h"
#include "store/ledger.h"

#include <stdlib.h>
#include <string.h>

#define POOLED_NAME "DATABASE_URL"
#define UNPOOLED_NAME "DATABASE_URL_UNPOOLED"

static cutover_status take_actor(const cutover_actor *given, cutover_actor *actor, cutover_error **error)
{
    cutover_status status = engine_actor("actor", given, actor, error);

    if (status == CUTOVER_OK && (actor->roles & (CUTOVER_ROLE_OPERATOR | CUTOVER_ROLE_ORG_ADMIN)) == 0) {
        status =
            error_set(error, CUTOVER_E_FORBIDDEN, "%s is neither an operator nor an administrator", actor->id);
        error_hint(error, "Operators and administrators of the organization change integrations.");
    }
    return status;
}

/* ---- how it is to be connected ---- */

struct wanted {
    cutover_integration_options options; /* whole */
    cutover_actor actor;
    int provider;
    const char *pooled_name, *unpooled_name; /* NULL: none */
    struct integration_secrets given;        /* borrowed */
};

static const char *name_of(const char *given, const char *otherwise)
{
    if (given == NULL)
        return otherwise;
    return given[0] != '\0' ? given : NULL;
}

static cutover_status check_account(const struct wanted *wanted, cutover_error **error)
{
    const char *account_id = wanted->options.account_id;

    if (account_id != NULL)
        return integration_name_check("options.account_id", account_id, error);
    if (wanted->provider != PROVIDER_NETLIFY)
        return CUTOVER_OK;
    return error_set(error, CUTOVER_E_INVALID, "options.account_id: required for netlify");
}

static cutover_status check_variables(const struct wanted *wanted, cutover_error **error)
{
    const char *pooled = wanted->pooled_name, *unpooled = wanted->unpooled_name;
    cutover_status status = CUTOVER_OK;

    if (pooled == NULL && unpooled == NULL)
        return error_set(error, CUTOVER_E_INVALID,
                         "options.pooled_name and options.unpooled_name: one of them is required");
    if (pooled != NULL)
        status = integration_variable_check("options.pooled_name", pooled, error);
    if (status == CUTOVER_OK && unpooled != NULL)
        status = integration_variable_check("options.unpooled_name", unpooled, error);
    if (status == CUTOVER_OK && pooled != NULL && unpooled != NULL && strcmp(pooled, unpooled) == 0)
        status = error_set(error, CUTOVER_E_INVALID,
                           "options.unpooled_name must be another variable than options.pooled_name");
    return status;
}

static cutover_status check_targets(const struct wanted *wanted, cutover_error **error)
{
    const cutover_integration_options *options = &wanted->options;
    cutover_status status = CUTOVER_OK;

    if (options->target_count > CUTOVER_INTEGRATION_TARGETS_MAX)
        return error_set(error, CUTOVER_E_INVALID, "options.targets must be at most %d",
                         CUTOVER_INTEGRATION_TARGETS_MAX);
    if (options->target_count > 0 && options->targets == NULL)
        return error_set(error, CUTOVER_E_INVALID, "options.targets: required");
    for (size_t i = 0; i < options->target_count && status == CUTOVER_OK; i++) {
        const char *target = options->targets[i];
        status = target != NULL ? integration_target_check("options.targets", wanted->provider, target, error)
                                : error_set(error, CUTOVER_E_INVALID, "options.targets: one of them is NULL");
        if (status == CUTOVER_OK && strcmp(target, "all") == 0 && options->target_count > 1)
            status = error_set(error, CUTOVER_E_INVALID, "options.targets: all stands alone");
        for (size_t before = 0; before < i && status == CUTOVER_OK; before++)
            if (strcmp(options->targets[before], target) == 0)
                status = error_set(error, CUTOVER_E_INVALID, "options.targets: %s is there twice", target);
    }
    return status;
}

static cutover_status check_secrets(const cutover_integrations *integrations, const struct wanted *wanted,
                                    cutover_error **error)
{
    const struct integration_secrets *given = &wanted->given;
    cutover_status status = CUTOVER_OK;

    if (given->token != NULL)
        status = integration_token_check("options.token", given->token, error);
    if (status == CUTOVER_OK && given->pooled_url != NULL)
        status = integration_url_check("options.pooled_url", given->pooled_url, error);
    if (status == CUTOVER_OK && given->unpooled_url != NULL)
        status = integration_url_check("options.unpooled_url", given->unpooled_url, error);
    if (status == CUTOVER_OK && integrations->folder == NULL &&
        (given->token != NULL || given->pooled_url != NULL || given->unpooled_url != NULL))
        status =
            error_set(error, CUTOVER_E_STATE, "there is no folder to keep secrets in: the host tells them");
    return status;
}

static cutover_status take_options(const cutover_integrations *integrations,
                                   const cutover_integration_options *given, struct wanted *wanted,
                                   cutover_error **error)
{
    cutover_integration_options *options = &wanted->options;
    cutover_status status = port_copy(&integration_options_port, "options", given, options, error);

    if (status == CUTOVER_OK)
        status = integrations_named(options->project_id, options->provider, &wanted->provider, error);
    if (status == CUTOVER_OK &&
        (options->flags & ~(uint32_t)(CUTOVER_INTEGRATION_LATER | CUTOVER_INTEGRATION_SECRET)) != 0)
        status = error_set(error, CUTOVER_E_INVALID, "options.flags: unknown bits in 0x%x", options->flags);
    if (status == CUTOVER_OK)
        status = integration_name_check("options.site_id", options->site_id, error);
    if (status != CUTOVER_OK)
        return status;
    wanted->pooled_name = name_of(options->pooled_name, POOLED_NAME);
    wanted->unpooled_name = name_of(options->unpooled_name, UNPOOLED_NAME);
    wanted->given = (struct integration_secrets){
        (char *)options->token,
        (char *)options->pooled_url,
        (char *)(options->unpooled_url != NULL ? options->unpooled_url : options->pooled_url),
    };
    status = check_account(wanted, error);
    if (status == CUTOVER_OK)
        status = check_variables(wanted, error);
    if (status == CUTOVER_OK)
        status = check_targets(wanted, error);
    if (status == CUTOVER_OK)
        status = check_secrets(integrations, wanted, error);
    return status == CUTOVER_OK ? take_actor(options->actor, &wanted->actor, error) : status;
}

/* ---- connect ---- */

static cutover_status put_targets(const struct wanted *wanted, struct integration_record *record,
                                  cutover_error **error)
{
    struct json_object *targets = json_object_new_array();

    if (targets == NULL)
        return error_nomem(error);
    for (size_t i = 0; i < wanted->options.target_count; i++)
        json_add(targets, json_object_new_string(wanted->options.targets[i]));
    if (wanted->options.target_count == 0)
        json_add(targets, json_object_new_string("production"));
    json_object_put(record->targets);
    record->targets = targets;
    return json_is_complete(targets) ? CUTOVER_OK : error_nomem(error);
}

static cutover_status put_texts(const struct wanted *wanted, struct integration_record *record,
                                cutover_error **error)
{
    cutover_status status = record_set_text(&record->site_id, wanted->options.site_id, error);

    if (status == CUTOVER_OK)
        status = record_set_text(&record->account_id, wanted->options.account_id, error);
    if (status == CUTOVER_OK)
        status = record_set_text(&record->pooled_name, wanted->pooled_name, error);
    if (status == CUTOVER_OK)
        status = record_set_text(&record->unpooled_name, wanted->unpooled_name, error);
    if (status == CUTOVER_OK)
        status = record_set_text(&record->connected_by_actor_id, wanted->actor.id, error);
    return status;
}

static cutover_status begin_record(const struct wanted *wanted, struct integration_record *record, int64_t now,
                                   cutover_error **error)
{
    char id[ID_SIZE];

    id_new(now, id);
    record->provider = wanted->provider;
    record->connected_at = now;
    cutover_status status = record_set_text(&record->id, id, error);
    return status == CUTOVER_OK ? record_set_text(&record->project_id, wanted->options.project_id, error)
                                : status;
}

/* What it is to be; results of before are about something else. */
static cutover_status put_wanted(const struct wanted *wanted, struct integration_record *record, int64_t now,
                                 cutover_error **error)
{
    cutover_status status = put_texts(wanted, record, error);

    if (status == CUTOVER_OK)
        status = put_targets(wanted, record, error);
    record->secret = (wanted->options.flags & CUTOVER_INTEGRATION_SECRET) != 0;
    record->connected_by_actor_kind = (int)wanted->actor.kind;
    record->updated_at = now;
    json_object_put(record->results);
    record->results = NULL;
    if (status == CUTOVER_OK)
        status = integration_wish(record, "connected", NULL, now, error);
    if ((wanted->options.flags & CUTOVER_INTEGRATION_LATER) != 0) {
        record->status = INTEGRATION_IDLE;
        record->next_attempt_at = 0;
    }
    return status;
}

static struct json_object *told_of(const struct integration_record *record)
{
    struct json_object *data = json_object_new_object();

    if (data == NULL)
        return NULL;
    json_put_text(data, "integration_id", record->id);
    json_put_text(data, "provider", integration_provider_names[record->provider]);
    json_put_text(data, "site_id", record->site_id);
    json_put_text(data, "account_id", record->account_id);
    json_put_object(data, "targets", json_object_get(record->targets));
    json_put_text(data, "pooled_name", record->pooled_name);
    json_put_text(data, "unpooled_name", record->unpooled_name);
    json_put_bool(data, "secret", record->secret);
    return data;
}

/* `gone`: the record is deleted. */
static cutover_status commit(const cutover_integrations *integrations, const struct integration_record *record,
                             uint64_t version, bool gone, const char *told, const cutover_actor *actor,
                             cutover_error **error)
{
    char id[INTEGRATION_DOCUMENT_ID_SIZE];
    struct json_object *data = told_of(record);
    struct change *change = NULL;
    cutover_status status = data != NULL ? CUTOVER_OK : error_nomem(error);

    if (status == CUTOVER_OK)
        status = integration_document_id(record->project_id, record->provider, id, error);
    if (status == CUTOVER_OK)
        status = change_begin(&integrations->store, &integrations->clock, record->project_id, &change, error);
    if (status == CUTOVER_OK && gone)
        status = change_put(change, integration_type.kind, id, version, NULL, error);
    else if (status == CUTOVER_OK)
        status = change_put_record(change, &integration_type, id, version, record, error);
    if (status == CUTOVER_OK)
        status = change_audit(change, told, actor, NULL, data, error);
    if (status == CUTOVER_OK)
        status = change_commit(change, error);
    change_free(change);
    json_object_put(data);
    return status;
}

/* That somebody has each secret that is needed: the callback may, and then what it has is told by the first sync. */
static cutover_status check_complete(const cutover_integrations *integrations,
                                     const struct integration_record *record, cutover_error **error)
{
    struct integration_secrets secrets;

    if (integrations->secrets != NULL)
        return CUTOVER_OK;
    cutover_status status = integration_secrets_read(integrations, record, &secrets, error);
    integration_secrets_free(&secrets);
    return status;
}

/* Its files are named anew by each connection, so that a sync never takes a token of one for the site of another. */
static cutover_status put_secrets(const cutover_integrations *integrations, const struct wanted *wanted,
                                  struct integration_record *record, int64_t now, cutover_error **error)
{
    char id[ID_SIZE];

    if (integrations->folder == NULL)
        return CUTOVER_OK;
    id_new(now, id);
    cutover_status status =
        integration_secrets_write(integrations, id, record->secrets_id, &wanted->given, error);
    if (status == CUTOVER_OK)
        status = record_set_text(&record->secrets_id, id, error);
    if (status == CUTOVER_OK)
        status = check_complete(integrations, record, error);
    if (status != CUTOVER_OK)
        (void)integration_secrets_remove(integrations, id, NULL);
    return status;
}

static cutover_status connect_once(const cutover_integrations *integrations, const struct wanted *wanted,
                                   struct integration_record *record, uint64_t *version, cutover_error **error)
{
    int64_t now = clock_now(&integrations->clock);
    char *before = NULL;
    bool found;

    cutover_status status = integration_find(&integrations->store, wanted->options.project_id, wanted->provider,
                                             record, version, &found, error);
    if (status == CUTOVER_OK)
        status = string_copy(record->secrets_id, &before, error);
    if (status == CUTOVER_OK && !found)
        status = begin_record(wanted, record, now, error);
    if (status == CUTOVER_OK)
        status = put_wanted(wanted, record, now, error);
    if (status == CUTOVER_OK)
        status = put_secrets(integrations, wanted, record, now, error);
    if (status == CUTOVER_OK) {
        status = commit(integrations, record, *version, false, "integration.connected", &wanted->actor, error);
        /* After a failure of the store the commit may have happened: what nobody names is swept later. */
        if (status == CUTOVER_E_CONFLICT && integrations->folder != NULL)
            (void)integration_secrets_remove(integrations, record->secrets_id, NULL);
    }
    if (status == CUTOVER_OK) {
        ++*version;
        if (integrations->folder != NULL)
            (void)integration_secrets_remove(integrations, before, NULL);
    }
    free(before);
    return status;
}

cutover_status cutover_integration_connect(cutover_integrations *integrations,
                                           const cutover_integration_options *options,
                                           cutover_integration **integration, cutover_error **error)
{
    struct integration_record record = {0};
    struct wanted wanted = {0};
    cutover_error *cause = NULL;
    unsigned attempt = 0;
    uint64_t version;
    cutover_status status = integrations_check(integrations, error);

    if (status == CUTOVER_OK)
        status = take_options(integrations, options, &wanted, error);
    if (status != CUTOVER_OK)
        return status;
    do {
        record_free(&integration_type, &record);
        status = connect_once(integrations, &wanted, &record, &version, &cause);
    } while (change_again(status, &attempt, &cause));
    error_move(error, cause);
    if (status == CUTOVER_OK) {
        integration_secrets_sweep(integrations);
        status = integration_wrap(&record, version, integration, error);
    }
    record_free(&integration_type, &record);
    return status;
}

/* ---- disconnect, and sync by hand ---- */

enum verb { DISCONNECT, SYNC };

static cutover_status act_once(const cutover_integrations *integrations, enum verb verb,
                               const cutover_actor *actor, const char *project_id, int provider,
                               struct integration_record *record, uint64_t *version, cutover_error **error)
{
    cutover_status status =
        integration_read(&integrations->store, project_id, provider, record, version, error);

    if (status == CUTOVER_OK && verb == SYNC)
        status = integration_wish(record, "requested", NULL, clock_now(&integrations->clock), error);
    if (status == CUTOVER_OK)
        status = commit(integrations, record, *version, verb == DISCONNECT,
                        verb == SYNC ? "integration.sync_requested" : "integration.disconnected", actor, error);
    if (status == CUTOVER_OK)
        ++*version;
    return status;
}

static cutover_status act(const cutover_integrations *integrations, enum verb verb, const cutover_actor *given,
                          const char *project_id, const char *provider, struct integration_record *record,
                          uint64_t *version, cutover_error **error)
{
    cutover_error *cause = NULL;
    cutover_actor actor;
    unsigned attempt = 0;
    int number;
    cutover_status status = integrations_check(integrations, error);

    if (status == CUTOVER_OK)
        status = integrations_named(project_id, provider, &number, error);
    if (status == CUTOVER_OK)
        status = take_actor(given, &actor, error);
    if (status != CUTOVER_OK)
        return status;
    do {
        record_free(&integration_type, record);
        status = act_once(integrations, verb, &actor, project_id, number, record, version, &cause);
    } while (change_again(status, &attempt, &cause));
    error_move(error, cause);
    return status;
}

cutover_status cutover_integration_disconnect(cutover_integrations *integrations, const cutover_actor *actor,
                                              const char *project_id, const char *provider,
                                              cutover_error **error)
{
    struct integration_record record = {0};
    uint64_t version;

    cutover_status status =
        act(integrations, DISCONNECT, actor, project_id, provider, &record, &version, error);
    if (status == CUTOVER_OK) {
        status = integration_secrets_remove(integrations, record.secrets_id, error);
        if (status != CUTOVER_OK)
            error_front(error, "it is disconnected, but a secret of it is still there", "Remove that file.");
        integration_secrets_sweep(integrations);
    }
    record_free(&integration_type, &record);
    return status;
}

cutover_status cutover_integration_sync(cutover_integrations *integrations, const cutover_actor *actor,
                                        const char *project_id, const char *provider,
                                        cutover_integration **integration, cutover_error **error)
{
    struct integration_record record = {0};
    uint64_t version;

    cutover_status status = act(integrations, SYNC, actor, project_id, provider, &record, &version, error);
    if (status == CUTOVER_OK)
        status = integration_wrap(&record, version, integration, error);
    record_free(&integration_type, &record);
    return status;
}
