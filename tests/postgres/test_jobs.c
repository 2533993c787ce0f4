#include "support/shop.h"
#include "support/terminal.h"
#include "support/tool.h"
#include "support/ways_back.h"

#include "job/progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Jobs as another process sees them: a second engine on the same store. */

static struct cluster *cluster;

static int start_cluster(void **state)
{
    (void)state;
    cluster = cluster_start(NULL);
    shop_use(cluster);
    return 0;
}

static int stop_cluster(void **state)
{
    (void)state;
    cluster_stop(cluster);
    return 0;
}

static void pause_a_little(void)
{
    nanosleep(&(struct timespec){0, 20 * 1000 * 1000}, NULL);
}

/* Kinds and statuses of the jobs, oldest first, read by pages of that size. */
static char *jobs_listed(cutover_engine *engine, const char *project_id, uint32_t limit)
{
    char *listed = strdup(""), after[64] = "";
    cutover_error *error = NULL;

    for (;;) {
        cutover_job_list *page = NULL;
        check_ok(cutover_jobs_list(engine, project_id, after, limit, &page, &error), error);
        size_t count = cutover_job_list_count(page);
        for (size_t i = 0; i < count; i++) {
            const cutover_job *job = cutover_job_list_at(page, i);
            char *longer = shop_format("%s%s%s %s", listed, listed[0] != '\0' ? ", " : "",
                                       cutover_job_kind(job), cutover_job_status(job));
            free(listed);
            listed = longer;
            snprintf(after, sizeof after, "%s", cutover_job_id(job));
        }
        assert_null(cutover_job_list_at(page, count));
        cutover_job_list_free(page);
        if (count < limit)
            return listed;
    }
}

/* The only job that has not ended. */
static cutover_job *running_job(cutover_engine *engine)
{
    cutover_job_list *list = NULL;
    cutover_job *job = NULL;
    cutover_error *error = NULL;

    check_ok(cutover_jobs_list(engine, NULL, NULL, 1000, &list, &error), error);
    for (size_t i = 0; i < cutover_job_list_count(list); i++)
        if (!cutover_job_is_over(cutover_job_list_at(list, i)))
            check_ok(cutover_job_get(engine, cutover_job_id(cutover_job_list_at(list, i)), &job, &error),
                     error);
    cutover_job_list_free(list);
    return job;
}

/* ---- looking and cancelling from afar ---- */

static cutover_status ignore_document(const cutover_document *document, void *context)
{
    (void)document;
    (void)context;
    return CUTOVER_OK;
}

static bool is_in_store(struct shop *shop, const char *kind, const char *id)
{
    cutover_error *error = NULL;
    cutover_status status = shop->store.get(kind, id, ignore_document, NULL, &error, shop->store.userdata);

    cutover_error_free(error);
    return status == CUTOVER_OK;
}

struct watcher {
    struct shop shop; /* on the same store */
    const char *request_id;
    pthread_t thread;
    char job_id[64], progress_job_id[64], step[32];
    double fraction;
};

static bool is_held_and_told(struct watcher *watcher, const cutover_job *job)
{
    cutover_progress progress = CUTOVER_PROGRESS_INIT;

    if (job == NULL || strcmp(cutover_job_status(job), "held") != 0 ||
        cutover_job_progress(job, &progress) != CUTOVER_OK || strcmp(progress.step, "held") != 0)
        return false;
    snprintf(watcher->progress_job_id, sizeof watcher->progress_job_id, "%s",
             progress.job_id != NULL ? progress.job_id : "none");
    snprintf(watcher->job_id, sizeof watcher->job_id, "%s", cutover_job_id(job));
    snprintf(watcher->step, sizeof watcher->step, "%s", progress.step);
    watcher->fraction = progress.fraction;
    return strcmp(cutover_job_kind(job), "promotion") == 0 &&
           strcmp(cutover_job_request_id(job), watcher->request_id) == 0;
}

static void *watch_and_cancel(void *context)
{
    struct watcher *watcher = context;
    cutover_error *error = NULL;
    bool told = false;

    while (!told) {
        cutover_job *job = running_job(watcher->shop.engine);
        told = is_held_and_told(watcher, job);
        cutover_job_free(job);
        pause_a_little();
    }
    for (int twice = 0; twice < 2; twice++)
        check_ok(cutover_job_cancel(watcher->shop.engine, &shop_other_operator, watcher->job_id, &error),
                 error);
    return NULL;
}

/* Asked between the job's last look and its record that says "swap": nothing but the job's end tells of it. */
static void ask_late(struct shop *shop, void *context)
{
    cutover_job *job = running_job(shop->engine);
    cutover_write asking = {CUTOVER_WRITE_VERSION,
                            "cancel",
                            cutover_job_id(job),
                            "held",
                            0,
                            "{\"actor_id\":\"otto\",\"actor_kind\":1}"};
    const cutover_write *writes[] = {&asking};
    cutover_error *error = NULL;

    (void)context;
    check_ok(shop->store.commit(writes, 1, &error, shop->store.userdata), error);
    cutover_job_free(job);
}

static void a_held_promotion_is_seen_and_cancelled_by_another_process(void **state)
{
    struct shop *shop = *state;
    char *request = shop_ready(shop, "held");
    struct watcher watcher = {.request_id = request};
    struct untouched untouched;
    cutover_job *job = NULL;
    cutover_error *error = NULL;

    untouched_look(&untouched, cluster, "held_production");
    shop_open(&watcher.shop, cluster, shop->home);
    assert_int_equal(pthread_create(&watcher.thread, NULL, watch_and_cancel, &watcher), 0);
    struct outcome outcome = shop_promote(shop, &(struct shop_promotion){.request_id = request, .hold = true});
    pthread_join(watcher.thread, NULL);
    check_status(outcome.status, CUTOVER_E_CANCELLED, outcome.error);
    assert_string_equal(watcher.job_id, outcome.promotion_id);
    assert_string_equal(watcher.progress_job_id, outcome.promotion_id);
    assert_string_equal(watcher.step, "held");
    assert_true(watcher.fraction > 0.5);

    check_ok(cutover_job_get(watcher.shop.engine, watcher.job_id, &job, &error), error);
    assert_string_equal(cutover_job_status(job), "cancelled");
    check_contains(cutover_job_json(job), "\"cancelled_by_actor_id\":\"otto\"");
    check_contains(cutover_job_json(job),
                   "\"production\":\"Production is as it was, and open for reads and writes.\"");
    assert_true(cutover_job_is_over(job));
    cutover_progress progress = CUTOVER_PROGRESS_INIT;
    assert_int_equal(cutover_job_progress(job, &progress), CUTOVER_E_STATE);
    cutover_job_free(job);
    check_status(cutover_job_cancel(shop->engine, &shop_operator, watcher.job_id, &error), CUTOVER_E_STATE,
                 error);

    assert_false(is_in_store(shop, "cancel", watcher.job_id));
    char *audit = shop_audit(shop, "held");
    check_contains(audit, "cutover.promote_started backup.started job.cancel_asked backup.cancelled "
                          "cutover.promote_cancelled");
    assert_null(strstr(audit, "cancel_asked job"));
    free(audit);
    untouched_check(&untouched, shop, "held", request);
    untouched_free(&untouched);
    outcome_free(&outcome);

    /* It is that of the next promotion, of which that cancellation says nothing. */
    shop->traffic.at_resume = ask_late;
    outcome = shop_promote_ok(shop, &(struct shop_promotion){.request_id = request});
    check_contains(outcome_text(&outcome, "warnings"), "it came too late");
    assert_false(is_in_store(shop, "cancel", outcome.promotion_id));
    outcome_free(&outcome);
    shop_close(&watcher.shop);
    free(request);
}

/* ---- a backup by itself ---- */

struct canceller {
    struct shop *shop, afar;
    bool asked;
};

/* At the step's first progress; returns once the job's own process has seen it. */
static int32_t cancel_once(const cutover_progress *progress, void *userdata)
{
    struct canceller *canceller = userdata;
    cutover_error *error = NULL;
    bool seen = false;

    if (strcmp(progress->step, "backup") != 0 || canceller->asked)
        return 0;
    canceller->asked = true;
    cutover_job *job = running_job(canceller->afar.engine);
    assert_non_null(job);
    assert_string_equal(cutover_job_kind(job), "backup");
    assert_string_equal(cutover_job_status(job), "taking");
    check_ok(cutover_job_cancel(canceller->afar.engine, &shop_operator, cutover_job_id(job), &error), error);
    cutover_job_free(job);
    while (!seen) {
        pause_a_little();
        pthread_mutex_lock(&canceller->shop->log_mutex);
        seen = strstr(canceller->shop->log, "its cancellation was asked for") != NULL;
        pthread_mutex_unlock(&canceller->shop->log_mutex);
    }
    return 0;
}

static void a_backup_is_cancelled_by_another_process(void **state)
{
    struct shop *shop = *state;
    struct canceller canceller = {.shop = shop};
    cutover_backup_options options = CUTOVER_BACKUP_OPTIONS_INIT;
    cutover_error *error = NULL;
    char *request = shop_ready(shop, "kept");

    shop_open(&canceller.afar, cluster, shop->home);
    options.actor = &shop_operator;
    options.project_id = "kept";
    options.progress = cancel_once;
    options.progress_userdata = &canceller;
    check_status(cutover_backup_create(shop->engine, &options, NULL, &error), CUTOVER_E_CANCELLED, error);
    char *listed = jobs_listed(canceller.afar.engine, "kept", 10);
    assert_string_equal(listed, "backup cancelled");
    free(listed);

    /* What was asked of that one is asked of no other. */
    options.progress = NULL;
    check_ok(cutover_backup_create(shop->engine, &options, NULL, &error), error);
    shop_close(&canceller.afar);
    free(request);
}

/* ---- what each step has to tell ---- */

/* What a step had told when the next one began: the program is linked with --wrap=progress_step. */
static struct {
    char step[32];
    cutover_progress last;
} ended[32];
static size_t ended_count;

void __real_progress_step(struct progress *progress, const char *step);
void __wrap_progress_step(struct progress *progress, const char *step);

void __wrap_progress_step(struct progress *progress, const char *step)
{
    if (ended_count < sizeof ended / sizeof *ended) {
        progress_copy(progress, &ended[ended_count].last);
        snprintf(ended[ended_count].step, sizeof ended->step, "%s", ended[ended_count].last.step);
        ended_count++;
    }
    __real_progress_step(progress, step);
}

/* Each of these, separated by a space, moved tables with rows, and told all of them. */
static void check_steps_told(const char *steps)
{
    char *rest = strdup(steps), *list = rest;

    for (char *step; (step = strsep(&rest, " ")) != NULL;) {
        const cutover_progress *last = NULL;
        for (size_t i = 0; i < ended_count; i++)
            if (strcmp(ended[i].step, step) == 0)
                last = &ended[i].last;
        if (last == NULL)
            fail_msg("no step %s", step);
        else if (last->tables_done == 0 || last->tables_done != last->tables_total || last->bytes_done == 0 ||
                 last->bytes_total == 0 || last->rows_done == 0)
            fail_msg("%s told %u of %u tables, %llu of %llu bytes, %llu rows", step, last->tables_done,
                     last->tables_total, (unsigned long long)last->bytes_done,
                     (unsigned long long)last->bytes_total, (unsigned long long)last->rows_done);
    }
    free(list);
    ended_count = 0;
}

static int write_meanwhile(struct shop *shop, void *context)
{
    (void)shop;
    (void)context;
    cluster_sql(cluster, "steps_production", "UPDATE generation SET name = 'old'");
    return 0;
}

static void each_step_tells_tables_bytes_and_rows(void **state)
{
    struct shop *shop = *state;
    const struct shop_hook hooks[] = {{"verify", write_meanwhile, NULL}, {NULL, NULL, NULL}};
    cutover_backup_options options = CUTOVER_BACKUP_OPTIONS_INIT;
    cutover_restore_options restore = CUTOVER_RESTORE_OPTIONS_INIT;
    cutover_restore *job = NULL;
    cutover_backup *backup = NULL;
    cutover_error *error = NULL;
    char *request = shop_ready(shop, "steps");

    ended_count = 0;
    struct outcome outcome = shop_promote_ok(
        shop,
        &(struct shop_promotion){.request_id = request, .verify = CUTOVER_VERIFY_RESTORE, .hooks = hooks});
    check_steps_told("stage check backup verify catch_up");
    outcome_free(&outcome);

    options.actor = &shop_operator;
    restore.actor = &shop_org_admin;
    options.project_id = restore.project_id = "steps";
    options.verify = restore.verify = CUTOVER_VERIFY_READBACK;
    check_ok(cutover_backup_create(shop->engine, &options, &backup, &error), error);
    check_steps_told("backup");
    restore.backup_id = cutover_backup_id(backup);
    restore.confirm = 1;
    check_ok(cutover_restore_start(shop->engine, &restore, &job, &error), error);
    check_ok(cutover_restore_run(job, &error), error);
    check_steps_told("stage check backup verify");
    cutover_restore_free(job);
    cutover_backup_free(backup);
    free(request);
}

/* ---- by cutoverctl ---- */

#define AS_OPERATOR "--as", "operator:olga"

/* A request that is acked, in the tool's home. */
static char *tooled(const char *name)
{
    char *production = shop_format("%s_production", name), *preview = shop_format("%s_preview", name);

    shop_database(cluster, production, shop_production_sql());
    shop_database(cluster, preview, shop_preview_sql());
    tool_done(TOOL("project", "add", name, "--database", cluster_conninfo(cluster, production)));
    tool_done(TOOL("preview", "add", name, "--project", name, "--database", cluster_conninfo(cluster, preview),
                   "--expires-in", "24h"));
    char *request =
        tool_id(TOOL("request", "create", "--project", name, "--preview", name, "--ticket", "OPS-1"));
    tool_done(TOOL("request", "ack", request));
    free(production);
    free(preview);
    return request;
}

static void check_tool_says(const char *const *arguments, const char *expected)
{
    char *said = tool(0, arguments);

    check_contains(said, expected);
    free(said);
}

/* The id of the job that runs, as the list of jobs has it. */
static char *running_id(void)
{
    char *said = tool(0, TOOL("job", "list", "--status", "running"));
    struct json_object *object = json_tokener_parse(said), *jobs = json_object_object_get(object, "jobs");

    assert_int_equal(json_object_array_length(jobs), 1);
    struct json_object *job = json_object_array_get_idx(jobs, 0);
    char *id = strdup(json_object_get_string(json_object_object_get(job, "id")));
    json_object_put(object);
    free(said);
    return id;
}

/* One that is pressed by mistake ends nothing; two mean it. */
static void ctrl_c_on_a_terminal_asks_and_a_second_one_cancels(const char *request)
{
    struct terminal terminal;

    terminal_begin(&terminal, true, TOOL(AS_OPERATOR, "promote", request, "--hold", "--verify", "readback"));
    terminal_await(&terminal, "held: everything is ready");
    terminal_interrupt(&terminal);
    terminal_await(&terminal, "Ctrl-C once more within 5 seconds cancels: what was built is dropped");
    terminal_await(&terminal, "production keeps its content and is open");
    free(running_id());
    check_tool_says(TOOL("status"), "\"status\":\"held\"");
    terminal_interrupt(&terminal);
    terminal_interrupt(&terminal);
    terminal_end(&terminal, 1);
    check_contains(terminal.said, "promotion cancelled");
    check_contains(terminal.said, "Production is as it was, and open for reads and writes.");
    terminal_free(&terminal);
    check_tool_says(TOOL("request", "show", request), "\"status\":\"acked\"");
}

static void ctrl_c_without_a_terminal_cancels_and_steps_are_lines(const char *request)
{
    char *log = shop_format("%s/log", tool_home());
    struct terminal piped;

    terminal_begin(&piped, false,
                   TOOL(AS_OPERATOR, "promote", request, "--hold", "--verify", "readback", "--log-file", log));
    terminal_await(&piped, "held: everything is ready");
    terminal_interrupt(&piped);
    terminal_end(&piped, 1);
    static const char *const steps[] = {": preflight\n", ": stage\n",  ": check\n",
                                        ": backup\n",    ": verify\n", ": held\n"};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        check_contains(piped.said, steps[i]);
    assert_null(strchr(piped.said, '\r'));
    const char *const argv[] = {"grep", "-c", "info .*: held$", log, NULL};
    shop_run(argv);
    terminal_free(&piped);
    free(log);
}

static void a_job_is_cancelled_from_another_shell(const char *request)
{
    struct terminal piped;

    terminal_begin(&piped, false, TOOL(AS_OPERATOR, "promote", request, "--hold", "--verify", "readback"));
    terminal_await(&piped, "held: everything is ready");
    char *id = running_id();
    check_tool_says(TOOL("--as", "operator:otto", "job", "cancel", id), "\"cancel_asked\":true");
    terminal_end(&piped, 1);
    terminal_free(&piped);
    char *watched = tool(1, TOOL("job", "watch", id));
    check_contains(watched, "\"cancelled_by_actor_id\":\"otto\"");
    check_contains(watched, "\"production\":\"Production is as it was");
    free(watched);
    free(tool(3, TOOL(AS_OPERATOR, "job", "cancel", id)));
    free(id);
}

static void an_operator_sees_and_stops_jobs_at_a_shell(void **state)
{
    (void)state;
    tool_begin();
    char *request = tooled("shell");
    ctrl_c_on_a_terminal_asks_and_a_second_one_cancels(request);
    ctrl_c_without_a_terminal_cancels_and_steps_are_lines(request);
    a_job_is_cancelled_from_another_shell(request);
    free(request);
}

/* ---- lists ---- */

/* Kinds and statuses of a page, as asked. */
static void check_page(cutover_engine *engine, const cutover_filter *filter, const char *expected)
{
    cutover_job_list *page = NULL;
    char *found = strdup("");
    cutover_error *error = NULL;

    check_ok(cutover_jobs_find(engine, filter, &page, &error), error);
    for (size_t i = 0; i < cutover_job_list_count(page); i++) {
        const cutover_job *job = cutover_job_list_at(page, i);
        char *longer = shop_format("%s %s %s", found, cutover_job_kind(job), cutover_job_status(job));
        free(found);
        found = longer;
    }
    assert_string_equal(found, expected);
    free(found);
    cutover_job_list_free(page);
}

static char *first_found(cutover_engine *engine, const cutover_filter *filter)
{
    cutover_job_list *page = NULL;
    cutover_error *error = NULL;

    check_ok(cutover_jobs_find(engine, filter, &page, &error), error);
    char *id = strdup(cutover_job_id(cutover_job_list_at(page, 0)));
    cutover_job_list_free(page);
    return id;
}

/* A promotion and its rollback of one project, a backup of another, all of them over. */
static void check_found(cutover_engine *engine)
{
    cutover_filter filter = CUTOVER_FILTER_INIT;
    cutover_job_list *page = NULL;
    cutover_job *job = NULL;
    cutover_error *error = NULL;

    filter.newest_first = 1;
    check_page(engine, &filter, " backup verified rollback completed promotion completed");
    filter.limit = 1;
    check_page(engine, &filter, " backup verified");
    char *newest = first_found(engine, &filter);
    filter.after = newest;
    check_page(engine, &filter, " rollback completed");
    filter = (cutover_filter)CUTOVER_FILTER_INIT;
    filter.after = newest;
    check_page(engine, &filter, "");
    filter.after = NULL;
    filter.project_id = "first";
    filter.kind = "rollback";
    check_page(engine, &filter, " rollback completed");
    filter.kind = NULL;
    filter.status = "over";
    check_page(engine, &filter, " promotion completed rollback completed");
    filter.status = "running";
    check_page(engine, &filter, "");
    filter.status = "verified";
    filter.project_id = NULL;
    check_page(engine, &filter, " backup verified");

    /* What it did is told to everybody, also now. */
    check_ok(cutover_job_get(engine, newest, &job, &error), error);
    check_contains(cutover_job_report(job), "\"verdict\":\"equal\"");
    assert_int_equal(cutover_job_renewed_at(job), 0);
    cutover_job_free(job);
    filter.status = "completed";
    free(newest);
    newest = first_found(engine, &filter);
    check_ok(cutover_job_get(engine, newest, &job, &error), error);
    check_contains(cutover_job_report(job), "\"production\":\"Production has the preview's content");
    cutover_job_free(job);
    free(newest);

    filter.status = "finished";
    check_status_keep(cutover_jobs_find(engine, &filter, &page, &error), CUTOVER_E_INVALID, error);
    check_contains(cutover_error_message(error), "filter.status: \"finished\" is none");
    cutover_error_free(error);
    error = NULL;
    filter.status = NULL;
    filter.kind = "cutover";
    check_status(cutover_jobs_find(engine, &filter, &page, &error), CUTOVER_E_INVALID, error);
}

static void jobs_of_every_kind_are_listed_in_their_order(void **state)
{
    struct shop *shop = *state;
    cutover_backup_options backup = CUTOVER_BACKUP_OPTIONS_INIT;
    cutover_rollback_options back = CUTOVER_ROLLBACK_OPTIONS_INIT;
    cutover_rollback *rollback = NULL;
    cutover_request_list *queue = NULL;
    cutover_error *error = NULL;
    char *request = shop_ready(shop, "first"), *other = shop_ready(shop, "second");
    char id[64];

    struct outcome outcome = shop_promote_ok(shop, &(struct shop_promotion){.request_id = request});
    back.actor = backup.actor = &shop_operator;
    back.request_id = request;
    check_ok(cutover_rollback_start(shop->engine, &back, &rollback, &error), error);
    snprintf(id, sizeof id, "%s", cutover_rollback_id(rollback));
    check_ok(cutover_rollback_run(rollback, &error), error);
    check_contains(cutover_rollback_report(rollback), id);
    cutover_rollback_free(rollback);
    backup.project_id = "second";
    check_ok(cutover_backup_create(shop->engine, &backup, NULL, &error), error);

    for (uint32_t limit = 1; limit < 5; limit++) {
        char *all = jobs_listed(shop->engine, NULL, limit);
        assert_string_equal(all, "promotion completed, rollback completed, backup verified");
        free(all);
    }
    char *mine = jobs_listed(shop->engine, "second", 10);
    assert_string_equal(mine, "backup verified");
    free(mine);

    check_found(shop->engine);

    /* The backup of a promotion is no job of its own. */
    cutover_job *job = NULL;
    check_status(cutover_job_get(shop->engine, outcome_text(&outcome, "pre_cutover_backup_id"), &job, &error),
                 CUTOVER_E_NOT_FOUND, error);
    /* An operator's queue: requests of every project. */
    check_ok(cutover_requests_list(shop->engine, NULL, NULL, 10, &queue, &error), error);
    assert_int_equal(cutover_request_list_count(queue), 2);
    assert_string_equal(cutover_request_project_id(cutover_request_list_at(queue, 0)), "first");
    assert_string_equal(cutover_request_project_id(cutover_request_list_at(queue, 1)), "second");
    cutover_request_list_free(queue);
    outcome_free(&outcome);
    free(request);
    free(other);
}

static int32_t note_steps(const cutover_progress *progress, void *userdata)
{
    char **steps = userdata;

    if (strstr(*steps, progress->step) == NULL) {
        char *longer = shop_format("%s%s ", *steps, progress->step);
        free(*steps);
        *steps = longer;
    }
    return 0;
}

static void a_rollback_tells_its_steps(void **state)
{
    struct shop *shop = *state;
    cutover_rollback_options back = CUTOVER_ROLLBACK_OPTIONS_INIT;
    cutover_rollback *rollback = NULL;
    cutover_error *error = NULL;
    char *request = shop_ready(shop, "told"), *steps = strdup("");

    struct outcome outcome = shop_promote_ok(shop, &(struct shop_promotion){.request_id = request});
    back.actor = &shop_operator;
    back.request_id = request;
    back.progress = note_steps;
    back.progress_userdata = &steps;
    check_ok(cutover_rollback_start(shop->engine, &back, &rollback, &error), error);
    check_ok(cutover_rollback_run(rollback, &error), error);
    assert_string_equal(steps, "preflight lock check swap ");
    cutover_progress now = {.version = CUTOVER_PROGRESS_VERSION};
    assert_int_equal(cutover_rollback_progress(rollback, &now), CUTOVER_OK);
    assert_string_equal(now.step, "finish");
    char *line = shop_format("%s: swap", cutover_rollback_id(rollback));
    check_contains(shop->log, line);
    cutover_rollback_free(rollback);
    outcome_free(&outcome);
    free(line);
    free(steps);
    free(request);
}

static int32_t cancel_at_swap(const cutover_progress *progress, void *userdata)
{
    (void)userdata;
    return strcmp(progress->step, "swap") == 0;
}

static void a_rollback_is_cancelled_before_its_swap(void **state)
{
    struct shop *shop = *state;
    cutover_rollback_options back = CUTOVER_ROLLBACK_OPTIONS_INIT;
    cutover_rollback *rollback = NULL;
    cutover_error *error = NULL;
    char *request = shop_ready(shop, "stays");

    struct outcome outcome = shop_promote_ok(shop, &(struct shop_promotion){.request_id = request});
    back.actor = &shop_operator;
    back.request_id = request;
    check_ok(cutover_rollback_start(shop->engine, &back, &rollback, &error), error);
    cutover_rollback_cancel(rollback);
    check_status(cutover_rollback_run(rollback, &error), CUTOVER_E_CANCELLED, error);
    cutover_rollback_free(rollback);

    /* Also where its lock was taken already: the cutover stands. */
    back.progress = cancel_at_swap;
    check_ok(cutover_rollback_start(shop->engine, &back, &rollback, &error), error);
    check_status(cutover_rollback_run(rollback, &error), CUTOVER_E_CANCELLED, error);
    check_contains(cutover_rollback_report(rollback),
                   "\"production\":\"Production is as it was, and open for reads and writes.\"");
    cutover_rollback_free(rollback);
    char *audit = shop_audit(shop, "stays");
    check_contains(audit, "cutover.rollback_started cutover.rollback_cancelled");
    free(audit);
    char *status = shop_request_status(shop, request);
    assert_string_equal(status, "completed");
    free(status);
    outcome_free(&outcome);
    free(request);
}

/* ---- misuse ---- */

static void misuse_is_an_error_that_names_the_argument(void **state)
{
    struct shop *shop = *state;
    cutover_job_list *list = NULL;
    cutover_job *job = NULL;
    cutover_error *error = NULL;

    check_status(cutover_job_get(shop->engine, NULL, &job, &error), CUTOVER_E_INVALID, error);
    check_status(cutover_job_get(shop->engine, "none", NULL, &error), CUTOVER_E_INVALID, error);
    check_status(cutover_job_get(shop->engine, "none", &job, &error), CUTOVER_E_NOT_FOUND, error);
    check_status(cutover_jobs_list(shop->engine, "", NULL, 1, &list, &error), CUTOVER_E_INVALID, error);
    check_status(cutover_jobs_list(shop->engine, NULL, NULL, 0, &list, &error), CUTOVER_E_INVALID, error);
    check_status(cutover_jobs_list(shop->engine, NULL, NULL, 1, NULL, &error), CUTOVER_E_INVALID, error);
    check_status(cutover_job_cancel(shop->engine, &shop_member, "none", &error), CUTOVER_E_FORBIDDEN, error);
    check_status(cutover_job_cancel(shop->engine, &shop_operator, "none", &error), CUTOVER_E_NOT_FOUND, error);
    assert_null(cutover_job_id(NULL));
    assert_null(cutover_job_kind(NULL));
    assert_null(cutover_job_status(NULL));
    assert_null(cutover_job_project_id(NULL));
    assert_null(cutover_job_request_id(NULL));
    assert_null(cutover_job_json(NULL));
    assert_int_equal(cutover_job_is_over(NULL), 0);
    assert_int_equal(cutover_job_created_at(NULL), 0);
    assert_int_equal(cutover_job_version(NULL), 0);
    assert_int_equal(cutover_job_progress(NULL, NULL), CUTOVER_E_INVALID);
    assert_int_equal(cutover_job_list_count(NULL), 0);
    assert_null(cutover_job_list_at(NULL, 0));
    cutover_job_free(NULL);
    cutover_job_list_free(NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, shop_setup, shop_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_held_promotion_is_seen_and_cancelled_by_another_process),
        TEST(a_backup_is_cancelled_by_another_process),
        TEST(each_step_tells_tables_bytes_and_rows),
        TEST(an_operator_sees_and_stops_jobs_at_a_shell),
        TEST(jobs_of_every_kind_are_listed_in_their_order),
        TEST(a_rollback_tells_its_steps),
        TEST(a_rollback_is_cancelled_before_its_swap),
        TEST(misuse_is_an_error_that_names_the_argument),
    };

    return cmocka_run_group_tests(tests, start_cluster, stop_cluster);
}
