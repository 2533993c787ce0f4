#include "api/stream.h"

#include "api/work.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND INT64_C(1000000)

/* Who is let see the job is asked when a stream is opened: so none lasts for ever. */
enum { LOOK_MS = 1000, SILENCE_S = 15, LASTS_S = 300, PAGE = 1000, PAGES_AT_ONCE = 10, STEP_NAME_MAX = 32 };

/* The steps that there may be, in their order. */
static const char *const steps[] = {
    "waiting", "preflight", "lock", "stage",    "check", "taking", "backup",
    "verify",  "verifying", "held", "catch_up", "swap",  "smoke",  "finish",
};
enum { STEP_COUNT = sizeof steps / sizeof *steps };

/* What was told; an event's id is this, as text. */
struct told {
    unsigned step;     /* steps[0] to steps[step - 1], as far as they were the job's */
    uint64_t sequence; /* of the project's audit trail */
    int64_t progress;  /* when it was told: microseconds */
    bool end;
};

struct cutover_api_stream {
    cutover_api *api;
    char *job_id;
    struct told told;
    char *cursor;       /* in the audit trail; NULL: its beginning */
    uint64_t version;   /* of the job's record when it was looked at last; 0: never */
    uint64_t caught_up; /* of the record, when its audit entries were all told */
    int64_t opened_at, spoke_at;
    bool begun;
    struct output output; /* what is being handed out */
};

/* ---- ids ---- */

static void told_print(const struct told *told, char *text, size_t size)
{
    snprintf(text, size, "%u.%" PRIu64 ".%" PRId64 "%s", told->step, told->sequence, told->progress,
             told->end ? ".end" : "");
}

/* False for what is no id of ours. */
static bool told_read(const char *text, struct told *told)
{
    char end[8] = "";
    int taken = 0;
    const int found = sscanf(text, "%2u.%20" SCNu64 ".%20" SCNd64 "%n%7s", &told->step, &told->sequence,
                             &told->progress, &taken, end);

    told->end = strcmp(end, ".end") == 0;
    return found >= 3 && told->step <= STEP_COUNT && told->progress >= 0 && (*end == '\0' || told->end) &&
           strlen(text) == (size_t)taken + strlen(end);
}

/* ---- events ---- */

static void say(struct output *output, const char *text)
{
    if (output->buffer != NULL && printbuf_memappend(output->buffer, text, (int)strlen(text)) < 0)
        output_free(output);
}

static void event_begin(cutover_api_stream *stream, const char *type)
{
    char id[80];

    told_print(&stream->told, id, sizeof id);
    say(&stream->output, "id: ");
    say(&stream->output, id);
    say(&stream->output, "\nevent: ");
    say(&stream->output, type);
    say(&stream->output, "\ndata: ");
}

static void event_end(cutover_api_stream *stream)
{
    say(&stream->output, "\n\n");
}

static void event(cutover_api_stream *stream, const char *type, const char *json)
{
    event_begin(stream, type);
    say(&stream->output, json);
    event_end(stream);
}

static void event_step(cutover_api_stream *stream, const char *step)
{
    struct output json;

    output_begin(&json);
    output_open(&json, '{');
    output_put(&json, "job_id", stream->job_id);
    output_put(&json, "step", step);
    output_close(&json, '}');
    if (output_text(&json) == NULL)
        output_free(&stream->output);
    else
        event(stream, "step", output_text(&json));
    output_free(&json);
}

static unsigned step_index(const char *name)
{
    unsigned i = 0;

    while (i < STEP_COUNT && strcmp(steps[i], name) != 0)
        i++;
    return i;
}

/* Tells of a step that the job is at, or was, unless that was told. */
static void tell_step(cutover_api_stream *stream, const char *name)
{
    const unsigned index = step_index(name);

    if (index == STEP_COUNT || stream->told.step > index)
        return;
    stream->told.step = index + 1;
    event_step(stream, name);
}

/* Those before the one that it is at which every job of that kind goes through. */
static void tell_steps_before(cutover_api_stream *stream, const char *kind, const char *status)
{
    static const struct {
        const char *kind, *steps[8];
    } sure[] = {
        {"promotion", {"preflight", "lock", "stage", "check", "backup", "verify", "swap"}},
        {"restore", {"preflight", "lock", "stage", "check", "swap"}},
        {"rollback", {"preflight", "lock", "check", "swap"}},
        {"backup", {"preflight", "taking"}},
    };
    const unsigned at = step_index(status);

    for (size_t i = 0; i < sizeof sure / sizeof *sure; i++)
        for (size_t k = 0; strcmp(sure[i].kind, kind) == 0 && sure[i].steps[k] != NULL; k++)
            if (at < STEP_COUNT && step_index(sure[i].steps[k]) < at)
                tell_step(stream, sure[i].steps[k]);
}

/* What its report says that it went through. */
static void tell_reported(cutover_api_stream *stream, const char *report)
{
    struct json_object *parsed = report == NULL ? NULL : json_tokener_parse(report);
    struct json_object *list = json_object_object_get(parsed, "steps");

    for (size_t i = 0; json_object_is_type(list, json_type_array) && i < json_object_array_length(list); i++) {
        struct json_object *name = json_object_object_get(json_object_array_get_idx(list, i), "name");
        if (json_object_is_type(name, json_type_string))
            tell_step(stream, json_object_get_string(name));
    }
    json_object_put(parsed);
}

/* ---- progress ---- */

/* Of this process once a second, of another as often as it gives a sign of life. */
static void tell_progress(cutover_api_stream *stream, const cutover_job *job)
{
    cutover_progress progress = CUTOVER_PROGRESS_INIT;
    int64_t at = api_now(stream->api);
    struct output json;

    const bool told_here =
        work_progress(stream->api, stream->job_id, &progress) == CUTOVER_OK && progress.step != NULL;
    if (!told_here) {
        progress = (cutover_progress)CUTOVER_PROGRESS_INIT;
        at = job == NULL ? 0 : cutover_job_renewed_at(job);
        if (job == NULL || cutover_job_progress(job, &progress) != CUTOVER_OK)
            return;
    }
    if (at <= stream->told.progress || (told_here && at - stream->told.progress < LOOK_MS * INT64_C(1000)))
        return;
    stream->told.progress = at;
    output_begin(&json);
    output_open(&json, '{');
    output_put(&json, "job_id", stream->job_id);
    output_put_time(&json, "at", at);
    progress_write(&json, "progress", &progress);
    output_close(&json, '}');
    if (output_text(&json) == NULL)
        output_free(&stream->output);
    else
        event(stream, "progress", output_text(&json));
    output_free(&json);
}

/* ---- log: what the audit trail says of the job ---- */

struct trail {
    cutover_api_stream *stream;
    const char *request_id;
    uint32_t count;
    char *cursor;
    bool failed;
};

/* Whether an entry is of this job: it names it, or is of its request while it ran. */
static bool is_of(const struct trail *trail, const char *json)
{
    return strstr(json, trail->stream->job_id) != NULL ||
           (trail->request_id != NULL && strstr(json, trail->request_id) != NULL);
}

static cutover_status take_entry(const cutover_audit_entry *entry, void *context)
{
    struct trail *trail = context;
    cutover_api_stream *stream = trail->stream;
    char *cursor = strdup(entry->cursor);

    if (cursor == NULL)
        return CUTOVER_E_NOMEM;
    free(trail->cursor);
    trail->cursor = cursor;
    trail->count++;
    if (entry->sequence <= stream->told.sequence)
        return CUTOVER_OK;
    if (is_of(trail, entry->json)) {
        stream->told.sequence = entry->sequence;
        event(stream, "log", entry->json);
    }
    return CUTOVER_OK;
}

/* A page of the trail; *whole is set where it was the last one. */
static cutover_status tell_log(cutover_api_stream *stream, const char *project_id, const char *request_id,
                               bool *whole, cutover_error **error)
{
    struct trail trail = {.stream = stream, .request_id = request_id};

    cutover_status status =
        cutover_audit_list(stream->api->engine, project_id, stream->cursor, PAGE, take_entry, &trail, error);
    if (trail.cursor != NULL) {
        free(stream->cursor);
        stream->cursor = trail.cursor;
    }
    *whole = trail.count < PAGE;
    return status;
}

/* ---- looks ---- */

static void tell_end(cutover_api_stream *stream, const cutover_job *job, const struct waiting *waiting)
{
    stream->told.end = true;
    event_begin(stream, "end");
    job_write(stream->api, &stream->output, job, waiting);
    event_end(stream);
}

/* A job with a record. */
static cutover_status look_recorded(cutover_api_stream *stream, const cutover_job *job,
                                    const struct waiting *waiting, cutover_error **error)
{
    const bool over = cutover_job_is_over(job);
    const uint64_t version = cutover_job_version(job);
    cutover_status status = CUTOVER_OK;
    bool whole = true;

    if (stream->caught_up != version) {
        whole = false;
        for (int i = 0; i < PAGES_AT_ONCE && status == CUTOVER_OK && !whole; i++)
            status = tell_log(stream, cutover_job_project_id(job), cutover_job_request_id(job), &whole, error);
        if (status == CUTOVER_OK && whole)
            stream->caught_up = version;
    }
    if (status != CUTOVER_OK || !whole)
        return status;
    if (over) {
        tell_reported(stream, cutover_job_report(job));
        tell_end(stream, job, waiting);
        return CUTOVER_OK;
    }
    tell_steps_before(stream, cutover_job_kind(job), cutover_job_status(job));
    tell_step(stream, cutover_job_status(job));
    tell_progress(stream, job);
    return CUTOVER_OK;
}

static cutover_status look(cutover_api_stream *stream, cutover_error **error)
{
    cutover_job *job = NULL;
    struct waiting *waiting = NULL;
    cutover_error *cause = NULL;
    cutover_status status = waiting_get(stream->api, stream->job_id, &waiting, error);

    if (status != CUTOVER_OK)
        return status;
    status = cutover_job_get(stream->api->engine, stream->job_id, &job, &cause);
    const bool waits = waiting != NULL && !waiting_is_over(stream->api, waiting);
    /* The record has the last word, also while that of a process that is gone still says that it waits. */
    if (status == CUTOVER_OK) {
        status = look_recorded(stream, job, waiting, error);
    } else if (waiting != NULL && status == CUTOVER_E_NOT_FOUND) {
        status = CUTOVER_OK;
        if (waits) {
            tell_step(stream, waiting_status(stream->api, waiting));
            tell_progress(stream, NULL);
        } else {
            tell_end(stream, job, waiting);
        }
    } else if (error != NULL) {
        *error = cause;
        cause = NULL;
    }
    cutover_error_free(cause);
    cutover_job_free(job);
    waiting_free(waiting);
    return status;
}

/* ---- the stream ---- */

cutover_status stream_open(cutover_api *api, const char *job_id, const char *last, cutover_api_stream **stream,
                           cutover_error **error)
{
    struct told told = {0};

    if (last != NULL && !told_read(last, &told))
        told = (struct told){0};
    *stream = NULL;
    if (told.end)
        return CUTOVER_OK;
    cutover_api_stream *made = calloc(1, sizeof *made);
    if (made == NULL)
        return api_nomem(error);
    made->api = api;
    made->told = told;
    made->opened_at = api_now(api);
    made->job_id = strdup(job_id);
    if (made->job_id == NULL) {
        cutover_api_stream_free(made);
        return api_nomem(error);
    }
    *stream = made;
    return CUTOVER_OK;
}

/* Where nothing was to be told: a comment now and then, so that whoever is in between keeps the connection. */
static void keep_open(cutover_api_stream *stream, int64_t now)
{
    if (!stream->begun)
        say(&stream->output, "retry: 2000\n\n");
    else if (now - stream->spoke_at >= SILENCE_S * SECOND || now < stream->spoke_at)
        say(&stream->output, ": still here\n\n");
}

/* Also where the clock was put back. */
static bool has_lasted(const cutover_api_stream *stream, int64_t now)
{
    return now - stream->opened_at >= LASTS_S * SECOND || now < stream->opened_at;
}

cutover_status cutover_api_stream_next(cutover_api_stream *stream, const char **text, uint32_t *wait_ms,
                                       cutover_error **error)
{
    if (error != NULL)
        *error = NULL;
    if (stream == NULL || text == NULL || wait_ms == NULL)
        return api_fail(error, CUTOVER_E_INVALID, "stream, text, wait_ms: required", NULL);
    const int64_t now = api_now(stream->api);
    if (stream->told.end || has_lasted(stream, now)) {
        *text = NULL;
        *wait_ms = 0;
        return CUTOVER_OK;
    }
    const struct told before = stream->told;
    output_free(&stream->output);
    output_begin(&stream->output);
    keep_open(stream, now);
    cutover_status status = look(stream, error);
    if (status == CUTOVER_OK && output_text(&stream->output) == NULL)
        status = api_nomem(error);
    if (status != CUTOVER_OK) {
        stream->told = before; /* nothing was handed out */
        return status;
    }
    *text = output_text(&stream->output);
    *wait_ms = **text == '\0' ? LOOK_MS : 0;
    if (**text != '\0') {
        stream->begun = true;
        stream->spoke_at = now;
    }
    return CUTOVER_OK;
}

void cutover_api_stream_free(cutover_api_stream *stream)
{
    if (stream == NULL)
        return;
    output_free(&stream->output);
    free(stream->job_id);
    free(stream->cursor);
    free(stream);
}
