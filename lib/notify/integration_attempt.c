#include "notify/integration_attempt.h"

#include "base/id.h"
#include "model/actor.h"
#include "notify/provider.h"
#include "notify/retry.h"
#include "store/ledger.h"

#include <stdlib.h>
#include <string.h>

#define CALLS_OF_TIME 10 /* a sync takes the time that so many calls may, at most */
#define LEASE_MORE_US (60 * INT64_C(1000000))

/* What is known of one when it ended. */
struct ended {
    const cutover_integrations *integrations;
    const struct integration_record *claimed;
    const char *failure; /* NULL: it succeeded */
    struct json_object *results;
    int http_status;
    int64_t not_before;
    int64_t began_at; /* by the clock */
    int64_t latency_us;
};

/* ---- claim ---- */

static int64_t time_of_all(const cutover_integrations *integrations)
{
    return (int64_t)integrations->timeout_ms * 1000 * CALLS_OF_TIME;
}

/* *claimed: it is ours now, and `record` as it is then. */
static cutover_status claim(const cutover_integrations *integrations, const char *project_id, int provider,
                            struct integration_record *record, bool *claimed, int64_t *next,
                            cutover_error **error)
{
    int64_t now = clock_now(&integrations->clock);
    cutover_error *cause = NULL;
    char id[ID_SIZE];
    uint64_t version;
    bool found;

    *claimed = false;
    cutover_status status =
        integration_find(&integrations->store, project_id, provider, record, &version, &found, error);
    if (status != CUTOVER_OK || !found || !integration_is_due(record, now, next))
        return status;
    id_new(now, id);
    record->attempts++;
    record->claim_wish = record->wish;
    record->lease_until = now + time_of_all(integrations) + LEASE_MORE_US;
    *next = record->lease_until;
    status = record_set_text(&record->claim_id, id, &cause);
    if (status == CUTOVER_OK)
        status = integration_save(&integrations->store, record, version, &cause);
    *claimed = status == CUTOVER_OK;
    if (status == CUTOVER_E_CONFLICT) { /* somebody else was faster */
        cutover_error_free(cause);
        return CUTOVER_OK;
    }
    error_move(error, cause);
    return status;
}

/* ---- end ---- */

static cutover_status remember(struct integration_record *record, const struct ended *ended,
                               cutover_error **error)
{
    struct json_object *entry = json_object_new_object();
    struct json_object *history = json_object_new_array();

    if (entry == NULL || history == NULL) {
        json_object_put(entry);
        json_object_put(history);
        return error_nomem(error);
    }
    json_put_time(entry, "at", ended->began_at);
    json_put_int(entry, "latency_ms", ended->latency_us / 1000);
    json_put_text(entry, "outcome", ended->failure == NULL ? "synced" : "failed");
    if (ended->http_status != 0)
        json_put_int(entry, "http_status", ended->http_status);
    else
        json_put_text(entry, "http_status", NULL);
    json_put_text(entry, "cause", ended->claimed->cause);
    json_put_text(entry, "error", ended->failure);
    size_t count = record->history != NULL ? json_object_array_length(record->history) : 0;
    for (size_t i = count < INTEGRATION_HISTORY ? 0 : count - INTEGRATION_HISTORY + 1; i < count; i++)
        json_add(history, json_object_get(json_object_array_get_idx(record->history, i)));
    json_add(history, entry);
    json_object_put(record->history);
    record->history = history;
    return json_is_complete(history) ? CUTOVER_OK : error_nomem(error);
}

/* Whether what it carried out is still what is asked for. */
static bool is_wanted(const struct integration_record *record)
{
    return record->wish == record->claim_wish;
}

/* What comes next. */
static void decide(struct integration_record *record, const struct ended *ended, int64_t now)
{
    if (ended->failure == NULL)
        record->synced_at = now;
    if (!is_wanted(record)) {
        if (record->status == INTEGRATION_PENDING)
            record->next_attempt_at = ended->not_before > now ? ended->not_before : now;
    } else if (ended->failure == NULL) {
        record->status = INTEGRATION_SYNCED;
        record->next_attempt_at = 0;
    } else {
        record->next_attempt_at = retry_next(record->attempts, now, ended->not_before);
        if (record->next_attempt_at == 0)
            record->status = INTEGRATION_FAILED;
    }
}

/* What it found out may be about another site by now; then only its history has it. */
static cutover_status apply(struct integration_record *record, const struct ended *ended, int64_t now,
                            cutover_error **error)
{
    cutover_status status = record_set_text(&record->claim_id, NULL, error);

    decide(record, ended, now);
    record->updated_at = now;
    record->lease_until = 0;
    if (status == CUTOVER_OK && is_wanted(record)) {
        json_object_put(record->results);
        record->results = json_object_get(ended->results);
        status = record_set_text(&record->last_error, ended->failure, error);
    }
    return status == CUTOVER_OK ? remember(record, ended, error) : status;
}

static struct json_object *told_of(const struct integration_record *record, const struct ended *ended)
{
    struct json_object *data = json_object_new_object();

    if (data == NULL)
        return NULL;
    json_put_text(data, "integration_id", record->id);
    json_put_text(data, "provider", integration_provider_names[record->provider]);
    json_put_text(data, "site_id", record->site_id);
    json_put_text(data, "cause", ended->claimed->cause);
    json_put_text(data, "job_id", ended->claimed->cause_job_id);
    json_put_int(data, "attempts", ended->claimed->attempts);
    if (ended->results != NULL)
        json_put_object(data, "results", json_object_get(ended->results));
    else
        json_put_text(data, "results", NULL);
    json_put_text(data, "error", ended->failure);
    json_put_time(data, "next_attempt_at", record->next_attempt_at);
    return data;
}

static cutover_status commit(const struct ended *ended, const struct integration_record *record,
                             uint64_t version, cutover_error **error)
{
    const cutover_integrations *integrations = ended->integrations;
    struct json_object *data = told_of(record, ended);
    char id[INTEGRATION_DOCUMENT_ID_SIZE];
    struct change *change = NULL;
    cutover_status status = data != NULL ? CUTOVER_OK : error_nomem(error);

    if (status == CUTOVER_OK)
        status = integration_document_id(record->project_id, record->provider, id, error);
    if (status == CUTOVER_OK)
        status = change_begin(&integrations->store, &integrations->clock, record->project_id, &change, error);
    if (status == CUTOVER_OK)
        status = change_put_record(change, &integration_type, id, version, record, error);
    if (status == CUTOVER_OK)
        status = change_audit(change, ended->failure == NULL ? "integration.synced" : "integration.sync_failed",
                              &actor_system, NULL, data, error);
    if (status == CUTOVER_OK)
        status = change_commit(change, error);
    change_free(change);
    json_object_put(data);
    return status;
}

/* Nothing is written where the claim is another's by now, or the integration is gone. */
static cutover_status end_once(const struct ended *ended, enum attempt_outcome *outcome, int64_t *next,
                               cutover_error **error)
{
    const struct integration_record *claimed = ended->claimed;
    struct integration_record record;
    uint64_t version;
    bool found;

    cutover_status status = integration_find(&ended->integrations->store, claimed->project_id,
                                             claimed->provider, &record, &version, &found, error);
    bool ours = status == CUTOVER_OK && found && record.claim_id != NULL &&
                strcmp(record.claim_id, claimed->claim_id) == 0;
    if (ours)
        status = apply(&record, ended, clock_now(&ended->integrations->clock), error);
    if (ours && status == CUTOVER_OK)
        status = commit(ended, &record, version, error);
    if (ours && status == CUTOVER_OK) {
        *next = record.next_attempt_at;
        *outcome = ended->failure == NULL                ? ATTEMPT_SYNCED
                   : record.status == INTEGRATION_FAILED ? ATTEMPT_GIVEN_UP
                                                         : ATTEMPT_FAILED;
    }
    record_free(&integration_type, &record);
    return status;
}

static cutover_status end(const struct ended *ended, enum attempt_outcome *outcome, int64_t *next,
                          cutover_error **error)
{
    cutover_error *cause = NULL;
    unsigned attempt = 0;
    cutover_status status;

    do {
        status = end_once(ended, outcome, next, &cause);
    } while (change_again(status, &attempt, &cause));
    error_move(error, cause);
    return status;
}

/* As if it had not been begun: the next one that looks makes it. */
static void give_back(const cutover_integrations *integrations, const struct integration_record *claimed)
{
    struct integration_record record;
    cutover_error *cause = NULL;
    unsigned attempt = 0;
    cutover_status status;
    uint64_t version;
    bool found;

    do {
        status = integration_find(&integrations->store, claimed->project_id, claimed->provider, &record,
                                  &version, &found, &cause);
        if (status == CUTOVER_OK && found && record.claim_id != NULL &&
            strcmp(record.claim_id, claimed->claim_id) == 0) {
            record.attempts -= record.attempts > 0 && record.wish == record.claim_wish ? 1 : 0;
            record.lease_until = 0;
            free(record.claim_id);
            record.claim_id = NULL;
            status = integration_save(&integrations->store, &record, version, &cause);
        }
        record_free(&integration_type, &record);
    } while (change_again(status, &attempt, &cause));
    cutover_error_free(cause); /* then it is due when its lease has run out */
}

/* ---- the attempt ---- */

/* What a failure of ours looks like in a record: it has no secrets in it. */
static cutover_status write_all(const cutover_integrations *integrations, struct http_client *client,
                                const struct integration_record *record, struct provider_sync *sync,
                                cutover_error **error)
{
    struct integration_secrets secrets;
    cutover_error *cause = NULL;
    cutover_status status = integration_secrets_read(integrations, record, &secrets, &cause);

    *sync = (struct provider_sync){
        .integrations = integrations,
        .record = record,
        .secrets = &secrets,
        .client = client,
        .deadline = monotonic_us() + time_of_all(integrations),
    };
    if (status == CUTOVER_OK) {
        status = provider_sync_begin(sync, error);
        if (status == CUTOVER_OK)
            status = provider_of(record->provider)->write(sync, error);
        integration_secrets_free(&secrets);
    } else if (status == CUTOVER_E_NOMEM) {
        error_move(error, cause);
        return status;
    } else { /* whoever has them may have them next time */
        status = string_copy(cutover_error_message(cause), &sync->failure, error);
        cutover_error_free(cause);
    }
    sync->secrets = NULL;
    return status;
}

static void log_outcome(const cutover_integrations *integrations, const struct integration_record *record,
                        const char *failure)
{
    if (failure == NULL)
        log_line(integrations->log, LOG_INFO_LEVEL, "integration: project %s synced to %s", record->project_id,
                 integration_provider_names[record->provider]);
    else
        log_line(integrations->log, LOG_WARNING_LEVEL, "integration: project %s to %s, attempt %lld failed: %s",
                 record->project_id, integration_provider_names[record->provider], (long long)record->attempts,
                 failure);
}

static cutover_status attempt(const cutover_integrations *integrations, struct http_client *client,
                              const struct integration_record *record, enum attempt_outcome *outcome,
                              int64_t *next, cutover_error **error)
{
    int64_t began_at = clock_now(&integrations->clock), began = monotonic_us();
    struct provider_sync sync;

    cutover_status status = write_all(integrations, client, record, &sync, error);
    if (status == CUTOVER_OK) {
        const struct ended ended = {
            .integrations = integrations,
            .claimed = record,
            .failure = sync.failure,
            .results = sync.results,
            .http_status = sync.http_status,
            .not_before = sync.not_before,
            .began_at = began_at,
            .latency_us = monotonic_us() - began,
        };
        log_outcome(integrations, record, sync.failure);
        status = end(&ended, outcome, next, error);
    } else {
        give_back(integrations, record);
        *next = clock_now(&integrations->clock);
    }
    provider_sync_end(&sync);
    return status;
}

/* The last one's process died, and it was the last one. */
static cutover_status give_up(const cutover_integrations *integrations, const struct integration_record *record,
                              enum attempt_outcome *outcome, int64_t *next, cutover_error **error)
{
    const struct ended ended = {
        .integrations = integrations,
        .claimed = record,
        .failure = "the last attempt did not end",
        .results = record->results,
        .began_at = clock_now(&integrations->clock),
    };

    log_outcome(integrations, record, ended.failure);
    return end(&ended, outcome, next, error);
}

cutover_status integration_attempt(const cutover_integrations *integrations, struct http_client *client,
                                   const char *project_id, int provider, enum attempt_outcome *outcome,
                                   int64_t *next, cutover_error **error)
{
    struct integration_record record;
    bool claimed = false;

    *outcome = ATTEMPT_NONE;
    *next = 0;
    cutover_status status = claim(integrations, project_id, provider, &record, &claimed, next, error);
    if (status == CUTOVER_OK && claimed && record.attempts > RETRY_ATTEMPTS)
        status = give_up(integrations, &record, outcome, next, error);
    else if (status == CUTOVER_OK && claimed)
        status = attempt(integrations, client, &record, outcome, next, error);
    record_free(&integration_type, &record);
    return status;
}
