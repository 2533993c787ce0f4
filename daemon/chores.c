#include "chores.h"

#include "log.h"
#include "session.h"

#include <string.h>
#include <time.h>

/* A store that is gone is told once a minute of, not once a second. */
#define PAUSE_AFTER_FAILURE_S 30

static unsigned failed(struct chore *chore, const char *what, cutover_error *error)
{
    char labels[160];

    snprintf(labels, sizeof labels, "chore=\"%s\"", chore->name);
    metrics_add(chore->chores->metrics, FAMILY_CHORE_FAILURES, labels, 1);
    log_error(what, error);
    return PAUSE_AFTER_FAILURE_S;
}

/* ---- events ---- */

static unsigned deliver(struct chore *chore)
{
    cutover_delivery_options options = CUTOVER_DELIVERY_OPTIONS_INIT;
    cutover_error *error = NULL;

    options.notifier = chore->outlet;
    if (cutover_events_deliver(chore->chores->house->engine, &options, NULL, &error) != CUTOVER_OK)
        return failed(chore, "events cannot be delivered", error);
    return 0;
}

/* ---- what is sent to others ---- */

/* Seconds until then, within the chore's interval. */
static unsigned until(int64_t at, unsigned interval_s)
{
    int64_t left = at - wall_now();

    if (at == 0 || left > interval_s * INT64_C(1000000))
        return interval_s;
    return left <= 1000000 ? 1 : (unsigned)(left / 1000000);
}

static unsigned send_webhooks(struct chore *chore)
{
    cutover_webhook_round round = CUTOVER_WEBHOOK_ROUND_INIT;
    cutover_error *error = NULL;

    if (cutover_webhooks_deliver(chore->chores->house->webhooks, 5000, &round, &error) != CUTOVER_OK)
        return failed(chore, "webhooks cannot be sent", error);
    return until(round.next_at, chore->interval_s);
}

static unsigned sync_integrations(struct chore *chore)
{
    cutover_integration_run run = CUTOVER_INTEGRATION_RUN_INIT;
    cutover_error *error = NULL;

    if (cutover_integrations_deliver(chore->chores->house->integrations, NULL, &run, &error) != CUTOVER_OK)
        return failed(chore, "integrations cannot be synced", error);
    return until(run.next_due, chore->interval_s);
}

/* ---- recovery, and what else is due each minute ---- */

struct finds {
    struct chore *chore;
    unsigned again_s; /* 0: nobody asked for it */
};

static const char *outcome_name(cutover_recovered outcome)
{
    static const char *const names[] = {
        [CUTOVER_RECOVERED_COMPLETED] = "completed", [CUTOVER_RECOVERED_UNDONE] = "undone",
        [CUTOVER_RECOVERED_RUNNING] = "running",     [CUTOVER_RECOVERED_FAILED] = "failed",
        [CUTOVER_RECOVERED_LOST] = "lost",           [CUTOVER_RECOVERED_DIFFERENT] = "different",
        [CUTOVER_RECOVERED_STANDS] = "stands",       [CUTOVER_RECOVERED_ABANDONED] = "abandoned",
        [CUTOVER_RECOVERED_LEFT] = "left",
    };

    return (size_t)outcome < sizeof names / sizeof *names && names[outcome] != NULL ? names[outcome] : "other";
}

static cutover_status take_recovery(const cutover_recovery *recovery, void *context)
{
    struct finds *finds = context;
    char labels[160];

    if (recovery->outcome == CUTOVER_RECOVERED_RUNNING) {
        if (recovery->ask_again_s > 0 && (finds->again_s == 0 || recovery->ask_again_s < finds->again_s))
            finds->again_s = recovery->ask_again_s;
        return CUTOVER_OK;
    }
    snprintf(labels, sizeof labels, "outcome=\"%s\"", outcome_name(recovery->outcome));
    metrics_add(finds->chore->chores->metrics, FAMILY_RECOVERED, labels, 1);
    struct json_object *members = json_object_new_object();
    if (members != NULL) {
        json_object_object_add(members, "job_id", json_object_new_string(recovery->job_id));
        json_object_object_add(members, "project_id", json_object_new_string(recovery->project_id));
        json_object_object_add(members, "outcome", json_object_new_string(outcome_name(recovery->outcome)));
        json_object_object_add(members, "why", json_object_new_string(recovery->message));
    }
    log_entry(CUTOVER_LOG_WARNING, "recovery found a job", members);
    return CUTOVER_OK;
}

static unsigned recover(struct chore *chore)
{
    struct finds finds = {chore, 0};
    cutover_error *error = NULL;

    if (cutover_recover(chore->chores->house->engine, NULL, take_recovery, &finds, &error) != CUTOVER_OK)
        return failed(chore, "recovery could not look at every job", error);
    return finds.again_s;
}

/* Whoever reads a request that is past its preview's end expires it, and tells of one that nears it. */
static cutover_status read_live_requests(cutover_engine *engine, cutover_error **error)
{
    cutover_filter filter = CUTOVER_FILTER_INIT;
    char after[201] = "";
    size_t count;

    filter.status = "live";
    filter.after = after;
    do {
        cutover_request_list *page = NULL;
        cutover_status status = cutover_requests_find(engine, &filter, &page, error);
        if (status != CUTOVER_OK)
            return status;
        count = cutover_request_list_count(page);
        if (count > 0)
            snprintf(after, sizeof after, "%s", cutover_request_id(cutover_request_list_at(page, count - 1)));
        cutover_request_list_free(page);
    } while (count == filter.limit);
    return CUTOVER_OK;
}

static unsigned tend(struct chore *chore)
{
    struct house *house = chore->chores->house;
    cutover_error *error = NULL;
    unsigned again_s = 0;

    if (read_live_requests(house->engine, &error) != CUTOVER_OK)
        again_s = failed(chore, "requests cannot be looked at", error);
    error = NULL;
    if (cutover_api_tend(house->api, &error) != CUTOVER_OK)
        again_s = failed(chore, "what the API keeps cannot be tended", error);
    error = NULL;
    if (sessions_sweep(&house->store, &error) != CUTOVER_OK)
        again_s = failed(chore, "sessions cannot be swept", error);
    return again_s;
}

/* ---- their threads ---- */

static bool wait_for(struct chore *chore, unsigned seconds)
{
    struct chores *chores = chore->chores;
    struct timespec until;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += seconds;
    pthread_mutex_lock(&chores->mutex);
    while (!chores->ending && pthread_cond_timedwait(&chores->ended, &chores->mutex, &until) == 0)
        ;
    bool go_on = !chores->ending;
    pthread_mutex_unlock(&chores->mutex);
    return go_on;
}

static void *do_chore(void *context)
{
    struct chore *chore = context;
    unsigned seconds;

    do {
        unsigned again_s = chore->once(chore);
        seconds = again_s > 0 ? again_s : chore->interval_s;
        if (chore->once == recover && seconds > chore->interval_s)
            seconds = chore->interval_s;
    } while (wait_for(chore, seconds));
    return NULL;
}

static bool start(struct chores *chores, const char *name, const char *outlet,
                  unsigned (*once)(struct chore *chore), unsigned interval_s)
{
    struct chore *chore = &chores->of[chores->count];

    *chore = (struct chore){
        .chores = chores, .name = name, .outlet = outlet, .once = once, .interval_s = interval_s};
    if (pthread_create(&chore->thread, NULL, do_chore, chore) != 0)
        return false;
    chores->count++;
    return true;
}

bool chores_start(struct chores *chores, struct house *house, struct metrics *metrics, unsigned interval_s)
{
    pthread_condattr_t monotonic;

    memset(chores, 0, sizeof *chores);
    chores->house = house;
    chores->metrics = metrics;
    pthread_mutex_init(&chores->mutex, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&chores->ended, &monotonic);
    pthread_condattr_destroy(&monotonic);
    bool good =
        start(chores, "recovery", NULL, recover, interval_s) && start(chores, "expiry", NULL, tend, interval_s);
    if (good && house->webhooks != NULL)
        good = start(chores, "webhooks", NULL, send_webhooks, 2);
    if (good && house->integrations != NULL)
        good = start(chores, "integrations", NULL, sync_integrations, 2);
    for (size_t i = 0; good && i < house->outlet_count; i++)
        good = start(chores, "events", house->outlets[i], deliver, 1);
    return good;
}

void chores_end(struct chores *chores)
{
    pthread_mutex_lock(&chores->mutex);
    chores->ending = true;
    pthread_cond_broadcast(&chores->ended);
    pthread_mutex_unlock(&chores->mutex);
    cutover_webhooks_stop(chores->house->webhooks);
    cutover_integrations_stop(chores->house->integrations);
    for (size_t i = 0; i < chores->count; i++)
        pthread_join(chores->of[i].thread, NULL);
    chores->count = 0;
}
