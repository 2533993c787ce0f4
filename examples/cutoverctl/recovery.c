/* The ways back: recover what a dead process left, or give it up; roll a cutover back, restore a backup. */
#include "cutoverctl.h"

#include <string.h>
#include <time.h>

/* A job that lives gives a sign of life each 5 seconds, and one that gave none for 30 is dead. The library remembers what it saw
   from one call to the next and never waits: a program that ends has to. */
#define ROUND_S 6
#define ROUNDS 7

struct told {
    const struct tool *tool;
    struct json_object *settled; /* for good */
    struct json_object *open;    /* as of the last round */
    unsigned failed;
    uint32_t ask_again_s; /* the longest that one of them asks for */
};

static cutover_status tell(const cutover_recovery *recovery, void *context)
{
    struct told *told = context;
    bool settled =
        recovery->outcome == CUTOVER_RECOVERED_COMPLETED || recovery->outcome == CUTOVER_RECOVERED_UNDONE ||
        recovery->outcome == CUTOVER_RECOVERED_LOST || recovery->outcome == CUTOVER_RECOVERED_ABANDONED;
    struct json_object *object = new_object();

    told->failed +=
        recovery->outcome == CUTOVER_RECOVERED_FAILED || recovery->outcome == CUTOVER_RECOVERED_DIFFERENT;
    if (recovery->ask_again_s > told->ask_again_s)
        told->ask_again_s = recovery->ask_again_s;
    put_text(object, "job", recovery->job[0] != '\0' ? recovery->job : NULL);
    put_text(object, "job_id", recovery->job_id[0] != '\0' ? recovery->job_id : NULL);
    put_text(object, "project_id", recovery->project_id);
    put_text(object, "request_id", recovery->request_id[0] != '\0' ? recovery->request_id : NULL);
    put_text(object, "outcome", cutover_recovered_name(recovery->outcome));
    put_text(object, "message", recovery->message);
    must(json_object_array_add(settled ? told->settled : told->open, object) == 0 ? object : NULL);
    return CUTOVER_OK;
}

static cutover_status recover_once(struct told *told, cutover_error **error)
{
    const struct tool *tool = told->tool;

    json_object_put(told->open);
    told->open = must(json_object_new_array());
    told->failed = 0;
    told->ask_again_s = 0;
    return cutover_recover(tool->engine, tool->options[OPTION_PROJECT], tell, told, error);
}

/* Until nothing is left of which nobody can tell whether it lives. */
static cutover_status recover_and_wait(struct told *told, cutover_error **error)
{
    cutover_status status = recover_once(told, error);

    if (status == CUTOVER_OK && told->ask_again_s > 0 && !told->tool->json)
        fprintf(stderr, "waiting up to %u seconds for a sign of life\n", told->ask_again_s);
    for (int round = 1; status == CUTOVER_OK && told->ask_again_s > 0 && round < ROUNDS; round++) {
        const struct timespec pause = {told->ask_again_s < ROUND_S ? told->ask_again_s : ROUND_S, 0};
        nanosleep(&pause, NULL);
        status = recover_once(told, error);
    }
    return status;
}

/* Of a project alone where it is no job's: its server is away. */
static void print_job_told(struct json_object *job)
{
    const char *what = member_text(job, "job"), *id = member_text(job, "job_id");

    printf("%s%s%s%sproject %s: %s: %s\n", id != NULL && what != NULL ? what : "", id != NULL ? " " : "",
           id != NULL ? id : "", id != NULL ? " of " : "", member_text(job, "project_id"),
           member_text(job, "outcome"), member_text(job, "message"));
}

static void print_jobs(struct json_object *list)
{
    for (size_t i = 0; i < json_object_array_length(list); i++)
        print_job_told(json_object_array_get_idx(list, i));
}

/* Takes over what was left. */
static void print_told(struct told *told, struct json_object *left)
{
    size_t open = json_object_array_length(told->open);

    if (!told->tool->json) {
        print_jobs(told->settled);
        print_jobs(told->open);
        if (json_object_array_length(left) > 0)
            printf("abandoned jobs left, and `recover` could not take away:\n");
        print_leftovers(left);
        if (json_object_array_length(told->settled) + open + json_object_array_length(left) == 0)
            printf("nothing is unfinished\n");
        json_object_put(told->settled);
        json_object_put(left);
        return;
    }
    for (size_t i = 0; i < open; i++) {
        struct json_object *job = json_object_get(json_object_array_get_idx(told->open, i));
        must(json_object_array_add(told->settled, job) == 0 ? job : NULL);
    }
    struct json_object *object = new_object();
    must(json_object_object_add(object, "jobs", told->settled) == 0 ? object : NULL);
    must(json_object_object_add(object, "leftovers", left) == 0 ? object : NULL);
    print_json(object);
}

/* ---- giving up ---- */

static cutover_status keep_leftover(const cutover_leftover *leftover, void *context)
{
    struct json_object *object = new_object();

    put_text(object, "id", leftover->id);
    put_text(object, "project_id", leftover->project_id);
    put_text(object, "job_id", leftover->job_id);
    put_text(object, "kind", leftover->kind);
    put_text(object, "database", leftover->database[0] != '\0' ? leftover->database : NULL);
    put_number(object, "oid", leftover->oid);
    put_text(object, "system_identifier",
             leftover->system_identifier[0] != '\0' ? leftover->system_identifier : NULL);
    put_time(object, "since", leftover->since);
    put_text(object, "message", leftover->message);
    must(json_object_array_add(context, object) == 0 ? object : NULL);
    return CUTOVER_OK;
}

cutover_status leftovers_json(struct tool *tool, const char *project_id, struct json_object **list,
                              cutover_error **error)
{
    *list = must(json_object_new_array());
    cutover_status status = cutover_leftovers_list(tool->engine, project_id, keep_leftover, *list, error);
    if (status != CUTOVER_OK) {
        json_object_put(*list);
        *list = NULL;
    }
    return status;
}

void print_leftovers(struct json_object *list)
{
    for (size_t i = 0; list != NULL && i < json_object_array_length(list); i++) {
        struct json_object *one = json_object_array_get_idx(list, i);
        printf("  %-24s %s, since %s\n", "left", member_text(one, "id"), member_text(one, "since"));
        printf("  %-24s %s%s%s: %s\n", "", member_text(one, "kind"),
               member_text(one, "database") != NULL ? " " : "",
               member_text(one, "database") != NULL ? member_text(one, "database") : "",
               member_text(one, "message"));
    }
}

/* ---- production that is not as the store says, or cannot be asked ---- */

static cutover_status keep_wrong(const cutover_recovery *recovery, void *context)
{
    struct json_object *object = NULL;

    if (recovery->outcome != CUTOVER_RECOVERED_FAILED && recovery->outcome != CUTOVER_RECOVERED_LOST &&
        recovery->outcome != CUTOVER_RECOVERED_DIFFERENT)
        return CUTOVER_OK;
    object = new_object();
    put_text(object, "project_id", recovery->project_id);
    put_text(object, "job_id", recovery->job_id[0] != '\0' ? recovery->job_id : NULL);
    put_text(object, "outcome", cutover_recovered_name(recovery->outcome));
    put_text(object, "message", recovery->message);
    must(json_object_array_add(context, object) == 0 ? object : NULL);
    return CUTOVER_OK;
}

static cutover_status keep_id(const cutover_project *project, void *context)
{
    struct json_object *id = must(json_object_new_string(project->id));

    must(json_object_array_add(context, id) == 0 ? id : NULL);
    return CUTOVER_OK;
}

/* Where no job was there is nothing to hold production against. */
static cutover_status look_at_project(struct tool *tool, const char *project_id, struct json_object *list,
                                      cutover_error **error)
{
    cutover_filter filter = CUTOVER_FILTER_INIT;
    cutover_job_list *jobs = NULL;

    filter.project_id = project_id;
    filter.limit = 1;
    cutover_status status = cutover_jobs_find(tool->engine, &filter, &jobs, error);
    if (status == CUTOVER_OK && cutover_job_list_count(jobs) > 0)
        status = cutover_project_look(tool->engine, project_id, keep_wrong, list, error);
    cutover_job_list_free(jobs);
    return status;
}

cutover_status standings_json(struct tool *tool, const char *project_id, struct json_object **list,
                              cutover_error **error)
{
    struct json_object *ids = must(json_object_new_array()), *found = must(json_object_new_array());
    cutover_status status = CUTOVER_OK;

    if (project_id != NULL)
        json_object_array_add(ids, must(json_object_new_string(project_id)));
    else
        status = cutover_registry_projects_list(tool->registry, keep_id, ids, error);
    for (size_t i = 0; status == CUTOVER_OK && i < json_object_array_length(ids); i++)
        status = look_at_project(tool, json_object_get_string(json_object_array_get_idx(ids, i)), found, error);
    json_object_put(ids);
    if (status == CUTOVER_OK)
        *list = found;
    else
        json_object_put(found);
    return status;
}

static bool is_told(const struct told *told, const char *project_id)
{
    struct json_object *const lists[] = {told->settled, told->open};

    for (size_t k = 0; k < sizeof lists / sizeof *lists; k++)
        for (size_t i = 0; i < json_object_array_length(lists[k]); i++)
            if (strcmp(member_text(json_object_array_get_idx(lists[k], i), "project_id"), project_id) == 0)
                return true;
    return false;
}

/* Recovery of all projects passes over servers that do not answer: who runs it hears of them. */
static cutover_status tell_unreached(struct told *told, struct tool *tool, cutover_error **error)
{
    struct json_object *list = NULL;

    if (tool->options[OPTION_PROJECT] != NULL)
        return CUTOVER_OK;
    cutover_status status = standings_json(tool, NULL, &list, error);
    for (size_t i = 0; status == CUTOVER_OK && i < json_object_array_length(list); i++) {
        struct json_object *one = json_object_array_get_idx(list, i);
        const cutover_recovery recovery = {
            .job = "",
            .job_id = "",
            .project_id = json_object_get_string(json_object_object_get(one, "project_id")),
            .request_id = "",
            .outcome = CUTOVER_RECOVERED_FAILED,
            .message = json_object_get_string(json_object_object_get(one, "message")),
        };
        if (strcmp(member_text(one, "outcome"), "failed") == 0 && !is_told(told, recovery.project_id))
            tell(&recovery, told);
    }
    json_object_put(list);
    return status;
}

/* A job of another machine is known to be dead only once it was silent for long enough. */
static cutover_status abandon_and_wait(struct tool *tool, struct told *told, cutover_error **error)
{
    cutover_abandon_options options = CUTOVER_ABANDON_OPTIONS_INIT;
    cutover_status status = CUTOVER_E_LOCKED;

    options.actor = acting_as(tool, CUTOVER_ACTOR_OPERATOR);
    options.job_id = tool->options[OPTION_ABANDON];
    options.reason = tool->options[OPTION_REASON];
    options.confirm = 1;
    for (int round = 0; status == CUTOVER_E_LOCKED && round < ROUNDS; round++) {
        const struct timespec pause = {ROUND_S, 0};
        if (round > 0 && told->ask_again_s == 0)
            break;
        if (round > 0)
            nanosleep(&pause, NULL);
        cutover_error_free(*error);
        *error = NULL;
        json_object_put(told->open);
        told->open = must(json_object_new_array());
        told->ask_again_s = 0;
        status = cutover_recover_abandon(tool->engine, &options, tell, told, error);
        if (round == 0 && told->ask_again_s > 0 && !tool->json)
            fprintf(stderr, "waiting up to %u seconds for a sign of life\n", told->ask_again_s);
    }
    return status;
}

static struct json_object *job_told(const struct told *told)
{
    struct json_object *list = json_object_array_length(told->settled) > 0 ? told->settled : told->open;

    return json_object_array_get_idx(list, 0);
}

static int abandoned(struct tool *tool, struct told *told)
{
    cutover_error *error = NULL;
    struct json_object *job = job_told(told), *left = NULL;

    if (leftovers_json(tool, json_object_get_string(json_object_object_get(job, "project_id")), &left,
                       &error) != CUTOVER_OK)
        return fail(tool, error);
    if (tool->json) {
        json_object_object_add(job, "leftovers", left);
        print_json(json_object_get(job));
        return EXIT_DONE;
    }
    print_job_told(job);
    print_leftovers(left);
    json_object_put(left);
    return EXIT_DONE;
}

static int run_abandon(struct tool *tool)
{
    cutover_error *error = NULL;
    struct told told = {.tool = tool, .settled = must(json_object_new_array())};
    int status;

    if (tool_open(tool, NULL, &error) != CUTOVER_OK || abandon_and_wait(tool, &told, &error) != CUTOVER_OK)
        status = fail(tool, error);
    else
        status = abandoned(tool, &told);
    json_object_put(told.settled);
    json_object_put(told.open);
    return status;
}

static int run_forget(struct tool *tool)
{
    cutover_error *error = NULL;
    const char *id = tool->options[OPTION_FORGET];
    const cutover_actor *actor = acting_as(tool, CUTOVER_ACTOR_OPERATOR);

    if (tool_open(tool, NULL, &error) != CUTOVER_OK ||
        cutover_leftover_forget(tool->engine, actor, id, tool->options[OPTION_REASON], &error) != CUTOVER_OK)
        return fail(tool, error);
    if (tool->json) {
        struct json_object *object = new_object();
        put_text(object, "forgotten", id);
        print_json(object);
    } else {
        printf("forgotten: %s\n", visible(id));
    }
    return EXIT_DONE;
}

/* What is given up is said why, by whom, and that it is meant. */
static int give_up(struct tool *tool, const char *option, const char *what, int (*run)(struct tool *tool))
{
    if (tool->options[OPTION_REASON] == NULL)
        return usage_error(tool, "%s needs --reason", option);
    return confirmed(tool, "%s", what) ? run(tool) : EXIT_USAGE;
}

int run_recover(struct tool *tool)
{
    cutover_error *error = NULL;

    if (tool->options[OPTION_ABANDON] != NULL && tool->options[OPTION_FORGET] != NULL)
        return usage_error(tool, "--abandon and --forget are two commands");
    if (tool->options[OPTION_ABANDON] != NULL)
        return give_up(tool, "--abandon", "the job is given up, and what it left is yours to look after",
                       run_abandon);
    if (tool->options[OPTION_FORGET] != NULL)
        return give_up(tool, "--forget", "nobody looks for it any more", run_forget);
    if (tool->options[OPTION_REASON] != NULL || tool->options[OPTION_CONFIRM] != NULL)
        return usage_error(tool, "--reason and --confirm go with --abandon or --forget");
    struct told told = {.tool = tool, .settled = must(json_object_new_array())};
    struct json_object *left = NULL;

    if (tool_open(tool, NULL, &error) != CUTOVER_OK || recover_and_wait(&told, &error) != CUTOVER_OK ||
        tell_unreached(&told, tool, &error) != CUTOVER_OK ||
        leftovers_json(tool, tool->options[OPTION_PROJECT], &left, &error) != CUTOVER_OK) {
        if (!tool->json)
            print_jobs(told.settled);
        json_object_put(told.settled);
        json_object_put(told.open);
        return fail(tool, error);
    }
    print_told(&told, left);
    json_object_put(told.open);
    return told.failed > 0 ? EXIT_FAILED : EXIT_DONE;
}

static void print_rollback(struct json_object *report)
{
    printf("request %s: %s\n", member_text(report, "request_id"), member_text(report, "status"));
    printf("  written since      %s\n", member_text(report, "writes_since_cutover"));
    if (member_text(report, "displaced_database") != NULL) {
        struct json_object *gap = NULL;
        json_object_object_get_ex(report, "reads_unavailable_ms", &gap);
        printf("  displaced database %s (closed, kept until somebody drops it)\n",
               member_text(report, "displaced_database"));
        printf("  reads unavailable  %.0f ms\n", json_object_get_double(gap));
    }
    print_production(report);
}

int run_rollback(struct tool *tool)
{
    cutover_error *error = NULL;
    cutover_rollback *job = NULL;
    cutover_rollback_options options = CUTOVER_ROLLBACK_OPTIONS_INIT;
    struct bar bar;

    options.actor = acting_as(tool, CUTOVER_ACTOR_OPERATOR);
    options.request_id = tool->operands[0];
    options.discard_writes = tool->options[OPTION_DISCARD_WRITES] != NULL;
    options.progress = bar_show;
    options.progress_userdata = &bar;
    if (tool_open(tool, NULL, &error) != CUTOVER_OK ||
        cutover_rollback_start(tool->engine, &options, &job, &error) != CUTOVER_OK)
        return fail_harmless(tool, error, "Nothing was begun: production is as it was.");
    if (!tool->json)
        printf("written to production since the cutover: %s\n",
               cutover_writes_name(cutover_rollback_writes(job)));
    bar_begin(&bar, tool, NULL, "production keeps the content that it has, and is open for reads and writes");
    cutover_rollback_run(job, &error);
    bar_end(&bar);
    struct json_object *report = parse_json(cutover_rollback_report(job));
    cutover_rollback_free(job);
    int status = error != NULL ? exit_status_of(cutover_error_code(error)) : EXIT_DONE;
    if (tool->json) {
        print_json(report);
        cutover_error_free(error);
        return status;
    }
    print_rollback(report);
    json_object_put(report);
    return error != NULL ? fail(tool, error) : EXIT_DONE;
}

static void print_restore(struct json_object *report)
{
    struct json_object *stage = NULL;

    printf("restore of backup %s into %s %s: %s\n", member_text(report, "source_backup_id"),
           member_text(report, "target_kind"), member_text(report, "target_id"), member_text(report, "status"));
    if (json_object_object_get_ex(report, "stage", &stage) && stage != NULL)
        printf("  restored           %lld tables, %lld rows\n", (long long)member_number(stage, "tables"),
               (long long)member_number(stage, "rows"));
    if (member_text(report, "pre_cutover_backup_id") != NULL)
        printf("  backup before      %s\n", member_text(report, "pre_cutover_backup_id"));
    if (member_text(report, "displaced_database") != NULL)
        printf("  displaced database %s\n", member_text(report, "displaced_database"));
    print_production(report);
}

int run_restore(struct tool *tool)
{
    cutover_error *error = NULL;
    cutover_restore *job = NULL;
    cutover_restore_options options = CUTOVER_RESTORE_OPTIONS_INIT;
    struct bar bar;

    if (!parse_jobs(tool, &options.jobs) || !parse_verify(tool, &options.verify) ||
        !parse_seconds(tool, OPTION_WRITES_REFUSED_MAX, &options.writes_refused_max_s) ||
        !parse_fence(tool, &options.fence))
        return EXIT_USAGE;
    options.actor = acting_as(tool, CUTOVER_ACTOR_OPERATOR);
    options.backup_id = tool->operands[0];
    options.preview_id = tool->options[OPTION_PREVIEW];
    options.project_id = tool->options[OPTION_PROJECT];
    options.confirm = options.project_id != NULL;
    options.progress = bar_show;
    options.progress_userdata = &bar;
    if (options.confirm != 0 && !confirmed(tool, "production of project %s is overwritten by backup %s",
                                           options.project_id, options.backup_id))
        return EXIT_USAGE;
    if (tool_open(tool, NULL, &error) != CUTOVER_OK ||
        cutover_restore_start(tool->engine, &options, &job, &error) != CUTOVER_OK)
        return fail_harmless(tool, error, "Nothing was begun: production is as it was.");
    bar_begin(
        &bar, tool, NULL,
        "what was restored is dropped, and what would be overwritten keeps its content and is open for reads "
        "and writes");
    cutover_restore_run(job, &error);
    bar_end(&bar);
    struct json_object *report = parse_json(cutover_restore_report(job));
    cutover_restore_free(job);
    int status = error != NULL ? exit_status_of(cutover_error_code(error)) : EXIT_DONE;
    if (tool->json) {
        print_json(report);
        cutover_error_free(error);
        return status;
    }
    print_restore(report);
    json_object_put(report);
    return error != NULL ? fail(tool, error) : EXIT_DONE;
}
