#include "notify/integration_deliver.h"

#include "base/workers.h"
#include "notify/integration_attempt.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* One that is due. */
struct due {
    char *project_id;
    int provider;
};

struct delivery {
    const cutover_integrations *integrations;
    struct due *items;
    size_t count;
    size_t capacity;
    int64_t now;
    cutover_error *damage; /* the first document that could not be read, or sync that could not be ended */
    pthread_mutex_t mutex; /* of the counts, and of damage */
    cutover_integration_run run;
};

static void wait_until(cutover_integration_run *run, int64_t when)
{
    run->waiting++;
    if (run->next_due == 0 || when < run->next_due)
        run->next_due = when;
}

static cutover_status add(struct delivery *delivery, struct integration_record *record, cutover_error **error)
{
    if (delivery->count == delivery->capacity) {
        size_t capacity = delivery->capacity != 0 ? delivery->capacity * 2 : 16;
        struct due *items = realloc(delivery->items, capacity * sizeof *items);
        if (items == NULL)
            return error_nomem(error);
        delivery->items = items;
        delivery->capacity = capacity;
    }
    delivery->items[delivery->count++] = (struct due){record->project_id, record->provider};
    record->project_id = NULL;
    return CUTOVER_OK;
}

static cutover_status look_at(void *context, const struct document *document, cutover_error **error)
{
    struct delivery *delivery = context;
    struct integration_record record = {0};
    cutover_error *cause = NULL;
    int64_t when;

    cutover_status status = integration_parse(document, &record, &cause);
    if (status == CUTOVER_E_STORE || status == CUTOVER_E_UNSUPPORTED) { /* the others go on */
        error_move(&delivery->damage, cause);
        return CUTOVER_OK;
    }
    if (status == CUTOVER_OK && integration_is_due(&record, delivery->now, &when))
        status = add(delivery, &record, &cause);
    else if (status == CUTOVER_OK && when != 0)
        wait_until(&delivery->run, when);
    record_free(&integration_type, &record);
    error_move(error, cause);
    return status;
}

/* ---- a worker ---- */

cutover_status integrations_client(const cutover_integrations *integrations, struct http_client **client,
                                   cutover_error **error)
{
    const bool private_too = (integrations->flags & CUTOVER_INTEGRATIONS_ALLOW_PRIVATE) != 0;
    const struct http_options options = {
        .allow_private = private_too,
        .allow_plain = private_too,
        .user_agent = integrations->user_agent,
        .ca_file = integrations->ca_file,
        .connections = 2,
    };

    return http_client_new(&options, client, error);
}

static cutover_status worker_open(void *context, struct cancel *cancel, void **state, cutover_error **error)
{
    struct delivery *delivery = context;
    struct http_client *client = NULL;
    cutover_status status = integrations_client(delivery->integrations, &client, error);

    (void)cancel;
    *state = client;
    return status;
}

static void worker_close(void *context, void *state)
{
    (void)context;
    http_client_free(state);
}

static void count(struct delivery *delivery, enum attempt_outcome outcome, int64_t next)
{
    cutover_integration_run *run = &delivery->run;

    pthread_mutex_lock(&delivery->mutex);
    run->synced += outcome == ATTEMPT_SYNCED;
    run->failed += outcome == ATTEMPT_FAILED;
    run->given_up += outcome == ATTEMPT_GIVEN_UP;
    if (next != 0)
        wait_until(run, next);
    pthread_mutex_unlock(&delivery->mutex);
}

static cutover_status note_damage(struct delivery *delivery, cutover_error *cause)
{
    pthread_mutex_lock(&delivery->mutex);
    error_move(&delivery->damage, cause);
    pthread_mutex_unlock(&delivery->mutex);
    return CUTOVER_OK;
}

/* One that the store holds up holds up no other. */
static cutover_status worker_task(void *context, void *state, size_t index, cutover_error **error)
{
    struct delivery *delivery = context;
    const struct due *due = &delivery->items[index];
    enum attempt_outcome outcome = ATTEMPT_NONE;
    cutover_error *cause = NULL;
    int64_t next = delivery->now; /* due still, where it is not begun */
    cutover_status status = CUTOVER_OK;

    if (!cancel_asked(&delivery->integrations->stop))
        status = integration_attempt(delivery->integrations, state, due->project_id, due->provider, &outcome,
                                     &next, &cause);
    if (status == CUTOVER_E_NOMEM) {
        error_move(error, cause);
        return status;
    }
    count(delivery, outcome, next);
    if (status == CUTOVER_OK || status == CUTOVER_E_CANCELLED) {
        cutover_error_free(cause);
        return CUTOVER_OK;
    }
    return note_damage(delivery, cause);
}

static cutover_status deliver_all(struct delivery *delivery, cutover_error **error)
{
    const struct workers workers = {
        .jobs = delivery->integrations->parallel,
        .tasks = delivery->count,
        .open = worker_open,
        .task = worker_task,
        .close = worker_close,
        .context = delivery,
    };

    return delivery->count > 0 ? workers_run(&workers, NULL, error) : CUTOVER_OK;
}

cutover_status integrations_deliver(const cutover_integrations *integrations, const char *project_id,
                                    cutover_integration_run *run, cutover_error **error)
{
    struct delivery delivery = {.integrations = integrations, .now = clock_now(&integrations->clock)};

    pthread_mutex_init(&delivery.mutex, NULL);
    cutover_status status =
        document_walk(&integrations->store, integration_type.kind, project_id, look_at, &delivery, error);
    if (status == CUTOVER_OK)
        status = deliver_all(&delivery, error);
    if (status == CUTOVER_OK && delivery.damage != NULL)
        status = cutover_error_code(delivery.damage);
    if (status == CUTOVER_OK)
        *run = delivery.run;
    error_move(error, delivery.damage);
    for (size_t i = 0; i < delivery.count; i++)
        free(delivery.items[i].project_id);
    free(delivery.items);
    pthread_mutex_destroy(&delivery.mutex);
    return status;
}
