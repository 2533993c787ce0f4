#include "metrics.h"

#include "log.h"

#include <stdlib.h>
#include <string.h>

#define EVENTS_MAX 10000 /* of the outbox are looked at: one whose notifier is away for a week says so anyway */
#define SERIES_MAX 4000  /* of a process; more are not counted: routes and statuses are few */

static const struct {
    const char *name, *type, *help;
} families[FAMILY_COUNT] = {
    [FAMILY_REQUESTS] = {"cutoverd_http_requests_total", "counter",
                         "HTTP requests by method, route and status."},
    [FAMILY_REQUEST_SECONDS] = {"cutoverd_http_request_seconds_total", "counter",
                                "Seconds spent on HTTP requests, streams left out."},
    [FAMILY_STREAMS] = {"cutoverd_event_streams", "gauge", "Event streams that are open."},
    [FAMILY_LOGINS] = {"cutoverd_logins_total", "counter", "Logins by outcome."},
    [FAMILY_JOBS_ENDED] = {"cutoverd_jobs_ended_total", "counter",
                           "Jobs that this process ran, by kind and end."},
    [FAMILY_STEP_SECONDS] = {"cutoverd_step_seconds_total", "counter",
                             "Seconds that steps of jobs took, by kind and step."},
    [FAMILY_STEPS] = {"cutoverd_steps_total", "counter",
                      "Steps of jobs that were gone through, by kind and step."},
    [FAMILY_WRITES_REFUSED] = {"cutoverd_writes_refused_seconds_total", "counter",
                               "Seconds for which jobs had production refuse writes."},
    [FAMILY_READS_UNAVAILABLE] = {"cutoverd_reads_unavailable_seconds_total", "counter",
                                  "Seconds for which jobs had production closed."},
    [FAMILY_SESSIONS_ENDED] = {"cutoverd_database_sessions_ended_total", "counter",
                               "Sessions of production that jobs ended."},
    [FAMILY_JOBS_WAITING] = {"cutoverd_jobs_waiting", "gauge", "Jobs of this process that wait for a worker."},
    [FAMILY_RECOVERED] = {"cutoverd_recovered_total", "counter", "What recovery found, by outcome."},
    [FAMILY_CHORE_FAILURES] = {"cutoverd_chore_failures_total", "counter",
                               "Failures of what is done now and then, by chore."},
    [FAMILY_JOBS] =
        {"cutover_jobs", "gauge",
         "Jobs of the store, by kind and status; what is over and older than an hour as of ten minutes ago."},
    [FAMILY_LEASE_AGE] = {"cutover_lease_age_seconds", "gauge",
                          "Seconds since a running job's last sign of life, which comes every 5."},
    [FAMILY_OUTBOX_EVENTS] = {"cutover_outbox_events", "gauge",
                              "Events that wait in the outbox; counted up to 10000."},
    [FAMILY_OUTBOX_AGE] = {"cutover_outbox_oldest_seconds", "gauge", "Age of the oldest event that waits."},
    [FAMILY_OUTBOX_DELIVERIES] = {"cutover_outbox_deliveries", "gauge",
                                  "Deliveries that wait or were given up, by notifier and status."},
};

void metrics_init(struct metrics *metrics)
{
    memset(metrics, 0, sizeof *metrics);
    pthread_mutex_init(&metrics->mutex, NULL);
    census_init(&metrics->census);
    metrics_set(metrics, FAMILY_STREAMS, "", 0);
    metrics_set(metrics, FAMILY_JOBS_WAITING, "", 0);
    metrics_set(metrics, FAMILY_WRITES_REFUSED, "", 0);
    metrics_set(metrics, FAMILY_READS_UNAVAILABLE, "", 0);
}

static void series_free(struct metrics *metrics)
{
    free(metrics->series);
    pthread_mutex_destroy(&metrics->mutex);
}

void metrics_free(struct metrics *metrics)
{
    census_free(&metrics->census);
    series_free(metrics);
}

static struct series *find(struct metrics *metrics, enum family family, const char *labels)
{
    for (size_t i = 0; i < metrics->count; i++)
        if (metrics->series[i].family == family && strcmp(metrics->series[i].labels, labels) == 0)
            return &metrics->series[i];
    if (metrics->count == metrics->capacity) {
        size_t capacity = metrics->capacity > 0 ? metrics->capacity * 2 : 64;
        struct series *series =
            capacity <= SERIES_MAX ? reallocarray(metrics->series, capacity, sizeof *series) : NULL;
        if (series == NULL)
            return NULL;
        metrics->series = series;
        metrics->capacity = capacity;
    }
    struct series *made = &metrics->series[metrics->count++];
    *made = (struct series){.family = family};
    snprintf(made->labels, sizeof made->labels, "%s", labels);
    return made;
}

static void change(struct metrics *metrics, enum family family, const char *labels, double value, bool add)
{
    pthread_mutex_lock(&metrics->mutex);
    struct series *series = find(metrics, family, labels);
    if (series != NULL)
        series->value = add ? series->value + value : value;
    pthread_mutex_unlock(&metrics->mutex);
}

void metrics_add(struct metrics *metrics, enum family family, const char *labels, double value)
{
    change(metrics, family, labels, value, true);
}

void metrics_set(struct metrics *metrics, enum family family, const char *labels, double value)
{
    change(metrics, family, labels, value, false);
}

/* ---- a job that ended ---- */

static double number_of(struct json_object *object, const char *name)
{
    struct json_object *value = NULL;

    return json_object_object_get_ex(object, name, &value) ? json_object_get_double(value) : 0;
}

static const char *text_of(struct json_object *object, const char *name)
{
    struct json_object *value = NULL;

    json_object_object_get_ex(object, name, &value);
    return value != NULL ? json_object_get_string(value) : "";
}

static void count_report(struct metrics *metrics, const char *kind, struct json_object *report)
{
    char labels[160];
    struct json_object *steps = NULL;

    metrics_add(metrics, FAMILY_WRITES_REFUSED, "", number_of(report, "writes_refused_ms") / 1000);
    metrics_add(metrics, FAMILY_READS_UNAVAILABLE, "", number_of(report, "reads_unavailable_ms") / 1000);
    metrics_add(metrics, FAMILY_SESSIONS_ENDED, "", number_of(report, "sessions_ended"));
    json_object_object_get_ex(report, "steps", &steps);
    for (size_t i = 0; steps != NULL && i < json_object_array_length(steps); i++) {
        struct json_object *step = json_object_array_get_idx(steps, i);
        snprintf(labels, sizeof labels, "kind=\"%s\",step=\"%s\"", kind, text_of(step, "name"));
        metrics_add(metrics, FAMILY_STEP_SECONDS, labels, number_of(step, "seconds"));
        metrics_add(metrics, FAMILY_STEPS, labels, 1);
    }
}

void metrics_job(struct metrics *metrics, cutover_engine *engine, const char *kind, const char *job_id)
{
    char labels[160];
    cutover_job *job = NULL;

    if (job_id == NULL || cutover_job_get(engine, job_id, &job, NULL) != CUTOVER_OK) {
        snprintf(labels, sizeof labels, "kind=\"%s\",status=\"refused\"", kind);
        metrics_add(metrics, FAMILY_JOBS_ENDED, labels, 1);
        return;
    }
    snprintf(labels, sizeof labels, "kind=\"%s\",status=\"%s\"", kind, cutover_job_status(job));
    metrics_add(metrics, FAMILY_JOBS_ENDED, labels, 1);
    struct json_object *report =
        cutover_job_report(job) != NULL ? json_tokener_parse(cutover_job_report(job)) : NULL;
    if (report != NULL)
        count_report(metrics, kind, report);
    json_object_put(report);
    cutover_job_free(job);
}

/* ---- what the store says ---- */

/* Series of one answer, beside those of the process. */
struct look {
    struct metrics metrics;
    cutover_engine *engine;
    int64_t now, oldest;
    double events;
};

static void look_at_running(const cutover_job *job, void *context)
{
    struct look *look = context;
    char labels[160];

    if (cutover_job_renewed_at(job) == 0)
        return;
    snprintf(labels, sizeof labels, "kind=\"%s\",job_id=\"%s\"", cutover_job_kind(job), cutover_job_id(job));
    metrics_set(&look->metrics, FAMILY_LEASE_AGE, labels,
                (double)(look->now - cutover_job_renewed_at(job)) / 1000000);
}

static cutover_status look_at_jobs(struct look *look, struct census *census, cutover_error **error)
{
    struct census_table table;
    char labels[160];
    cutover_status status = census_take(census, look->engine, look->now, &table, look_at_running, look, error);

    for (size_t i = 0; status == CUTOVER_OK && i < table.count; i++) {
        snprintf(labels, sizeof labels, "kind=\"%s\",status=\"%s\"", table.rows[i].kind, table.rows[i].status);
        metrics_set(&look->metrics, FAMILY_JOBS, labels, table.rows[i].count);
    }
    return status;
}

static cutover_status look_at_event(const cutover_event *event, void *context)
{
    struct look *look = context;
    struct json_object *object = json_tokener_parse(event->json), *deliveries = NULL;
    char labels[160];

    if (look->events == EVENTS_MAX)
        return CUTOVER_E_CANCELLED;
    look->events++;
    if (look->oldest == 0 || event->created_at < look->oldest)
        look->oldest = event->created_at;
    json_object_object_get_ex(object, "deliveries", &deliveries);
    if (json_object_is_type(deliveries, json_type_object)) {
        json_object_object_foreach(deliveries, notifier, delivery)
        {
            const char *status = text_of(delivery, "status");
            if (strcmp(status, "pending") != 0 && strcmp(status, "given_up") != 0)
                continue;
            snprintf(labels, sizeof labels, "notifier=\"%.60s\",status=\"%s\"", notifier, status);
            metrics_add(&look->metrics, FAMILY_OUTBOX_DELIVERIES, labels, 1);
        }
    }
    json_object_put(object);
    return CUTOVER_OK;
}

/* As many as are counted. */
static cutover_status look_at_events(struct look *look, cutover_error **error)
{
    cutover_status status = cutover_events_list(look->engine, NULL, look_at_event, look, error);

    if (status != CUTOVER_E_CANCELLED || look->events < EVENTS_MAX)
        return status;
    cutover_error_free(*error);
    *error = NULL;
    return CUTOVER_OK;
}

static cutover_status look_at_store(const struct house *house, struct census *census, struct look *look,
                                    cutover_error **error)
{
    look->engine = house->engine;
    look->now = wall_now();
    cutover_status status = look_at_jobs(look, census, error);
    if (status == CUTOVER_OK)
        status = look_at_events(look, error);
    metrics_set(&look->metrics, FAMILY_OUTBOX_EVENTS, "", look->events);
    metrics_set(&look->metrics, FAMILY_OUTBOX_AGE, "",
                look->oldest > 0 ? (double)(look->now - look->oldest) / 1000000 : 0);
    return status;
}

/* ---- written ---- */

static void write_family(const struct metrics *metrics, enum family family, FILE *file)
{
    bool told = false;

    for (size_t i = 0; i < metrics->count; i++) {
        const struct series *series = &metrics->series[i];
        if (series->family != family)
            continue;
        if (!told)
            fprintf(file, "# HELP %s %s\n# TYPE %s %s\n", families[family].name, families[family].help,
                    families[family].name, families[family].type);
        told = true;
        fprintf(file, "%s%s%s%s %.17g\n", families[family].name, series->labels[0] != 0 ? "{" : "",
                series->labels, series->labels[0] != 0 ? "}" : "", series->value);
    }
}

cutover_status metrics_write(struct metrics *metrics, const struct house *house, FILE *file,
                             cutover_error **error)
{
    struct look look = {0};

    pthread_mutex_init(&look.metrics.mutex, NULL);
    cutover_status status = look_at_store(house, &metrics->census, &look, error);
    if (status == CUTOVER_OK) {
        pthread_mutex_lock(&metrics->mutex);
        for (int family = 0; family < FAMILY_COUNT; family++) {
            write_family(metrics, (enum family)family, file);
            write_family(&look.metrics, (enum family)family, file);
        }
        pthread_mutex_unlock(&metrics->mutex);
    }
    series_free(&look.metrics);
    return status;
}
