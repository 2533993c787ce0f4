/* Jobs, wherever they run: seen, watched and cancelled through the store; and what is going on here. */
#include "cutoverctl.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LIMIT_DEFAULT 50
#define QUEUE_MAX 20
#define PAGE 1000
#define WATCH_MS 500
#define SECOND INT64_C(1000000)
/* A job gives a sign of life every 5 seconds, and is taken for dead after 30 without one. */
#define SILENCE (30 * SECOND)

static int64_t now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * SECOND + now.tv_nsec / 1000;
}

bool parse_limit(struct tool *tool, uint32_t otherwise, uint32_t *limit)
{
    const char *text = tool->options[OPTION_LIMIT];
    char *end = NULL;

    *limit = otherwise;
    if (text == NULL)
        return true;
    long count = strtol(text, &end, 10);
    if (*text == '\0' || *end != '\0' || count < 1 || count > 1000)
        return usage_error(tool, "--limit is a number from 1 to 1000, not `%s`", text), false;
    *limit = (uint32_t)count;
    return true;
}

static void member_object(struct json_object *object, const char *name, const char *text)
{
    json_object_object_add(object, name, text != NULL ? parse_json(text) : NULL);
}

static struct json_object *progress_object(const cutover_progress *progress)
{
    struct json_object *object = new_object();

    put_text(object, "step", progress->step);
    put_number(object, "bytes_done", (int64_t)progress->bytes_done);
    put_number(object, "bytes_total", (int64_t)progress->bytes_total);
    put_number(object, "rows_done", (int64_t)progress->rows_done);
    put_number(object, "tables_done", progress->tables_done);
    put_number(object, "tables_total", progress->tables_total);
    json_object_object_add(object, "fraction", must(json_object_new_double(progress->fraction)));
    json_object_object_add(object, "seconds_elapsed", must(json_object_new_double(progress->seconds_elapsed)));
    json_object_object_add(object, "seconds_left",
                           progress->seconds_left >= 0 ? must(json_object_new_double(progress->seconds_left))
                                                       : NULL);
    return object;
}

/* What is known of a job beside its record, as one object. */
static struct json_object *job_object(const cutover_job *job)
{
    cutover_progress progress = CUTOVER_PROGRESS_INIT;
    struct json_object *object = new_object();

    put_text(object, "id", cutover_job_id(job));
    put_text(object, "kind", cutover_job_kind(job));
    put_text(object, "status", cutover_job_status(job));
    put_text(object, "project_id", cutover_job_project_id(job));
    put_text(object, "request_id", cutover_job_request_id(job));
    put_time(object, "created_at", cutover_job_created_at(job));
    put_time(object, "renewed_at", cutover_job_renewed_at(job));
    json_object_object_add(object, "progress",
                           cutover_job_progress(job, &progress) == CUTOVER_OK ? progress_object(&progress)
                                                                              : NULL);
    member_object(object, "record", cutover_job_json(job));
    member_object(object, "report", cutover_job_report(job));
    return object;
}

/* ---- lists ---- */

static void print_line(const cutover_job *job)
{
    char at[TIME_TEXT_MAX];

    printf("%s  %-12s  %-9s  project %s  %s%s%s\n", cutover_job_id(job), cutover_job_kind(job),
           cutover_job_status(job), visible(cutover_job_project_id(job)),
           format_time(cutover_job_created_at(job), at),
           cutover_job_request_id(job) != NULL ? "  request " : "",
           cutover_job_request_id(job) != NULL ? cutover_job_request_id(job) : "");
}

int run_job_list(struct tool *tool)
{
    cutover_error *error = NULL;
    cutover_job_list *list = NULL;
    cutover_filter filter = CUTOVER_FILTER_INIT;

    if (!parse_limit(tool, LIMIT_DEFAULT, &filter.limit) || !parse_after(tool, &filter.after))
        return EXIT_USAGE;
    filter.project_id = tool->options[OPTION_PROJECT];
    filter.status = tool->options[OPTION_STATUS];
    filter.kind = tool->options[OPTION_KIND];
    filter.newest_first = 1;
    if (tool_open(tool, NULL, &error) != CUTOVER_OK ||
        cutover_jobs_find(tool->engine, &filter, &list, &error) != CUTOVER_OK)
        return fail(tool, error);
    struct json_object *jobs = must(json_object_new_array());
    for (size_t i = 0; i < cutover_job_list_count(list); i++) {
        const cutover_job *job = cutover_job_list_at(list, i);
        if (tool->json)
            json_object_array_add(jobs, job_object(job));
        else
            print_line(job);
    }
    cutover_job_list_free(list);
    if (tool->json) {
        struct json_object *object = new_object();
        json_object_object_add(object, "jobs", json_object_get(jobs));
        print_json(object);
    }
    json_object_put(jobs);
    return EXIT_DONE;
}

/* ---- one job ---- */

static void print_span(int64_t us, char *text, size_t size)
{
    int64_t seconds = us / SECOND;

    if (seconds < 0)
        seconds = 0;
    if (seconds < 60)
        snprintf(text, size, "%d s", (int)seconds);
    else if (seconds < 3600)
        snprintf(text, size, "%d min %d s", (int)seconds / 60, (int)seconds % 60);
    else
        snprintf(text, size, "%lld h %d min", (long long)seconds / 3600, (int)(seconds / 60 % 60));
}

/* Clocks of machines may differ: that is why it is a may. */
static bool is_silent(const cutover_job *job)
{
    return !cutover_job_is_over(job) && cutover_job_renewed_at(job) != 0 &&
           now_us() - cutover_job_renewed_at(job) > SILENCE;
}

static void print_silent(FILE *to, const cutover_job *job, const char *before)
{
    char at[TIME_TEXT_MAX];

    fprintf(to, "%sno sign of life since %s: its process may be gone; run `cutoverctl recover`\n", before,
            format_time(cutover_job_renewed_at(job), at));
}

void tell_silent(struct tool *tool, const char *job_id, struct json_object *object)
{
    cutover_job *job = NULL;

    bool silent =
        job_id != NULL && cutover_job_get(tool->engine, job_id, &job, NULL) == CUTOVER_OK && is_silent(job);
    if (object != NULL)
        put_time(object, "silent_since", silent ? cutover_job_renewed_at(job) : 0);
    else if (silent)
        print_silent(stdout, job, "");
    cutover_job_free(job);
}

/* Whether a promotion waits for a person: what must be done. */
static void print_next(const cutover_job *job)
{
    struct json_object *record = parse_json(cutover_job_json(job));

    if (is_silent(job)) {
        print_silent(stdout, job, "  next               ");
    } else if (strcmp(cutover_job_status(job), "held") == 0) {
        printf("  held               until %s, then it is cancelled\n", member_text(record, "held_until"));
        printf(
            "  next               `cutoverctl release %s` lets it swap; `cutoverctl job cancel %s` ends it\n",
            cutover_job_request_id(job), cutover_job_id(job));
    } else {
        printf("  next               nothing: it goes on by itself; `cutoverctl job watch %s`\n",
               cutover_job_id(job));
    }
    json_object_put(record);
}

static void print_running(const cutover_job *job)
{
    cutover_progress progress = CUTOVER_PROGRESS_INIT;
    char at[TIME_TEXT_MAX], done[BYTES_TEXT_MAX], total[BYTES_TEXT_MAX], span[40];

    print_span(now_us() - cutover_job_created_at(job), span, sizeof span);
    printf("  since              %s, %s\n", format_time(cutover_job_created_at(job), at), span);
    if (cutover_job_progress(job, &progress) == CUTOVER_OK) {
        printf("  step               %s, %d%% of the job\n", progress.step, (int)(progress.fraction * 100));
        printf("  done in this step  %u of %u tables, %llu rows, %s of %s\n", progress.tables_done,
               progress.tables_total, (unsigned long long)progress.rows_done,
               format_bytes(progress.bytes_done, done), format_bytes(progress.bytes_total, total));
        if (progress.seconds_left >= 0) {
            print_span((int64_t)(progress.seconds_left * 1e6), span, sizeof span);
            printf("  left               about %s\n", span);
        }
    }
    if (cutover_job_renewed_at(job) != 0) {
        print_span(now_us() - cutover_job_renewed_at(job), span, sizeof span);
        printf("  last sign of life  %s ago\n", span);
    }
    print_next(job);
}

/* What was to be the name of a database is none where the job did not come to make it so, or it is gone. */
static bool is_there(const cutover_job *job, const char *member)
{
    if (strcmp(member, "displaced_name") == 0)
        return strcmp(cutover_job_status(job), "completed") == 0;
    return strcmp(member, "staging_name") != 0 || !cutover_job_is_over(job);
}

static void print_job(const cutover_job *job)
{
    static const struct {
        const char *member, *label;
    } members[] = {
        {"preview_id", "preview"},
        {"source_backup_id", "source backup"},
        {"backup_id", "backup"},
        {"label", "label"},
        {"started_by_actor_id", "started by"},
        {"created_by_actor_id", "created by"},
        {"created_at", "created at"},
        {"completed_at", "completed at"},
        {"verified_at", "verified at"},
        {"verdict", "verdict"},
        {"cancelled_by_actor_id", "cancelled by"},
        {"displaced_name", "displaced database"},
        {"staging_name", "staging database"},
    };
    struct json_object *record = parse_json(cutover_job_json(job));

    printf("%s %s: %s\n", cutover_job_kind(job), cutover_job_id(job), cutover_job_status(job));
    printf("  %-18s %s\n", "project", visible(cutover_job_project_id(job)));
    if (cutover_job_request_id(job) != NULL)
        printf("  %-18s %s\n", "request", cutover_job_request_id(job));
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        if (member_text(record, members[i].member) != NULL && is_there(job, members[i].member))
            printf("  %-18s %s\n", members[i].label, member_text(record, members[i].member));
    print_failure(record, 18);
    json_object_put(record);
    if (!cutover_job_is_over(job))
        print_running(job);
    if (cutover_job_report(job) != NULL) {
        struct json_object *report = parse_json(cutover_job_report(job));
        print_production(report);
        json_object_put(report);
    }
}

int run_job_show(struct tool *tool)
{
    cutover_error *error = NULL;
    cutover_job *job = NULL;

    if (tool_open(tool, NULL, &error) != CUTOVER_OK ||
        cutover_job_get(tool->engine, tool->operands[0], &job, &error) != CUTOVER_OK)
        return fail(tool, error);
    if (tool->json)
        print_json(job_object(job));
    else
        print_job(job);
    cutover_job_free(job);
    return EXIT_DONE;
}

static int ended_as(const cutover_job *job)
{
    const char *status = cutover_job_status(job);

    return strcmp(status, "completed") == 0 || strcmp(status, "verified") == 0 ? EXIT_DONE : EXIT_FAILED;
}

/* Looks until it has ended. Ctrl-C ends the looking, and nothing else. */
int run_job_watch(struct tool *tool)
{
    const struct timespec pause = {0, WATCH_MS * 1000000L};
    cutover_error *error = NULL;
    cutover_job *job = NULL;
    struct bar bar;
    bool told = false;

    if (tool_open(tool, NULL, &error) != CUTOVER_OK)
        return fail(tool, error);
    bar_watch(&bar, tool);
    for (;;) {
        cutover_progress progress = CUTOVER_PROGRESS_INIT;
        if (cutover_job_get(tool->engine, tool->operands[0], &job, &error) != CUTOVER_OK) {
            bar_end(&bar);
            return fail(tool, error);
        }
        if (cutover_job_is_over(job))
            break;
        if (cutover_job_progress(job, &progress) == CUTOVER_OK)
            bar_show(&progress, &bar);
        if (is_silent(job) && !told && !tool->json) {
            bar_end(&bar);
            print_silent(stderr, job, "");
            told = true;
        }
        cutover_job_free(job);
        nanosleep(&pause, NULL);
    }
    bar_end(&bar);
    if (tool->json)
        print_json(job_object(job));
    else
        print_job(job);
    int status = ended_as(job);
    cutover_job_free(job);
    return status;
}

int run_job_cancel(struct tool *tool)
{
    cutover_error *error = NULL;
    const cutover_actor *actor = acting_as(tool, CUTOVER_ACTOR_OPERATOR);

    if (tool_open(tool, NULL, &error) != CUTOVER_OK ||
        cutover_job_cancel(tool->engine, actor, tool->operands[0], &error) != CUTOVER_OK)
        return fail(tool, error);
    if (tool->json) {
        struct json_object *object = new_object();
        put_text(object, "job_id", tool->operands[0]);
        json_object_object_add(object, "cancel_asked", must(json_object_new_boolean(1)));
        tell_silent(tool, tool->operands[0], object);
        print_json(object);
    } else {
        printf("asked: job %s stops within seconds and is undone, unless it begins its swap right now;\n"
               "`cutoverctl job watch %s` tells how it ended\n",
               tool->operands[0], tool->operands[0]);
        tell_silent(tool, tool->operands[0], NULL);
    }
    return EXIT_DONE;
}

/* ---- what is going on here ---- */

static cutover_status running_take(struct tool *tool, struct json_object *jobs, cutover_error **error)
{
    cutover_filter filter = CUTOVER_FILTER_INIT;
    cutover_job_list *list = NULL;

    filter.project_id = tool->options[OPTION_PROJECT];
    filter.status = "running";
    filter.limit = 1000;
    cutover_status status = cutover_jobs_find(tool->engine, &filter, &list, error);
    for (size_t i = 0; status == CUTOVER_OK && i < cutover_job_list_count(list); i++) {
        cutover_job *job = NULL;
        status = cutover_job_get(tool->engine, cutover_job_id(cutover_job_list_at(list, i)), &job, error);
        if (status == CUTOVER_OK && tool->json)
            json_object_array_add(jobs, job_object(job));
        else if (status == CUTOVER_OK) {
            printf("project %s: %s %s, at %s\n", visible(cutover_job_project_id(job)), cutover_job_kind(job),
                   cutover_job_id(job), cutover_job_status(job));
            print_running(job);
        }
        cutover_job_free(job);
    }
    if (status == CUTOVER_OK && !tool->json && cutover_job_list_count(list) == 0)
        puts("no job runs");
    cutover_job_list_free(list);
    return status;
}

static void print_waiting(const cutover_request *request)
{
    bool acked = strcmp(cutover_request_status(request), "acked") == 0;
    bool ticket = cutover_request_ticket(request) != NULL;
    char at[TIME_TEXT_MAX];

    printf("request %s of project %s: %s\n", cutover_request_id(request),
           visible(cutover_request_project_id(request)), cutover_request_status(request));
    if (cutover_request_scheduled_for(request) != 0)
        printf("  agreed for         %s\n", format_time(cutover_request_scheduled_for(request), at));
    if (acked && ticket && cutover_request_scheduled_for(request) > now_us()) {
        printf("  next               wait until then: promoting it before is refused\n");
        return;
    }
    printf("  next               `cutoverctl %s %s%s`\n",
           !acked   ? "request ack"
           : ticket ? "promote"
                    : "request ticket",
           cutover_request_id(request), acked && !ticket ? " REF" : "");
}

/* What is shown of the queue, and how much more there is. */
struct queue {
    struct tool *tool;
    struct json_object *requests;
    unsigned shown;
    unsigned more;
};

static void queue_add(struct queue *queue, const cutover_request *request)
{
    bool json = queue->tool->json;

    if (!json && strcmp(cutover_request_status(request), "in_progress") == 0)
        return; /* its job was told */
    if (queue->shown == QUEUE_MAX) {
        queue->more++;
        return;
    }
    queue->shown++;
    if (json)
        json_object_array_add(queue->requests, parse_json(cutover_request_json(request)));
    else
        print_waiting(request);
}

static cutover_status queue_take(struct queue *queue, cutover_error **error)
{
    struct tool *tool = queue->tool;
    cutover_filter filter = CUTOVER_FILTER_INIT;
    char after[201] = "";
    size_t count;

    filter.project_id = tool->options[OPTION_PROJECT];
    filter.status = "live";
    filter.newest_first = 1;
    filter.limit = PAGE;
    filter.after = after;
    do {
        cutover_request_list *list = NULL;
        cutover_status status = cutover_requests_find(tool->engine, &filter, &list, error);
        if (status != CUTOVER_OK)
            return status;
        count = cutover_request_list_count(list);
        for (size_t i = 0; i < count; i++)
            queue_add(queue, cutover_request_list_at(list, i));
        if (count > 0)
            snprintf(after, sizeof after, "%s", cutover_request_id(cutover_request_list_at(list, count - 1)));
        cutover_request_list_free(list);
    } while (count == PAGE);
    if (queue->more > 0 && !tool->json)
        printf("and %u more: `cutoverctl request list --status live`\n", queue->more);
    return CUTOVER_OK;
}

static cutover_status left_take(struct tool *tool, struct json_object *object, cutover_error **error)
{
    const char *project_id = tool->options[OPTION_PROJECT];
    struct json_object *left = NULL, *servers = NULL;

    cutover_status status = leftovers_json(tool, project_id, &left, error);
    if (status == CUTOVER_OK)
        json_object_object_add(object, "leftovers", left);
    if (status == CUTOVER_OK)
        status = standings_json(tool, project_id, &servers, error);
    if (status == CUTOVER_OK)
        json_object_object_add(object, "servers", servers);
    if (status != CUTOVER_OK || tool->json)
        return status;
    if (json_object_array_length(left) > 0)
        puts("left by jobs that were abandoned; `cutoverctl recover` tries again");
    print_leftovers(left);
    for (size_t i = 0; i < json_object_array_length(servers); i++) {
        struct json_object *one = json_object_array_get_idx(servers, i);
        printf("project %s: %s: %s\n", member_text(one, "project_id"), member_text(one, "outcome"),
               member_text(one, "message"));
    }
    return CUTOVER_OK;
}

int run_status(struct tool *tool)
{
    cutover_error *error = NULL;
    struct json_object *object = new_object();
    struct json_object *jobs = must(json_object_new_array()), *requests = must(json_object_new_array());
    struct queue queue = {tool, requests, 0, 0};

    json_object_object_add(object, "jobs", jobs);
    json_object_object_add(object, "requests", requests);
    if (tool_open(tool, NULL, &error) != CUTOVER_OK || running_take(tool, jobs, &error) != CUTOVER_OK ||
        queue_take(&queue, &error) != CUTOVER_OK || left_take(tool, object, &error) != CUTOVER_OK) {
        json_object_put(object);
        return fail(tool, error);
    }
    put_number(object, "requests_more", queue.more);
    if (tool->json)
        print_json(json_object_get(object));
    json_object_put(object);
    return EXIT_DONE;
}
