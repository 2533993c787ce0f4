/* The ways back: recover what a dead process left, roll a cutover back, restore a backup. */
#include "cutoverctl.h"

struct told {
    const struct tool *tool;
    struct json_object *list; /* with --json */
    unsigned failed;
    unsigned count;
};

static cutover_status tell(const cutover_recovery *recovery, void *context)
{
    struct told *told = context;

    told->count++;
    told->failed += recovery->outcome == CUTOVER_RECOVERED_FAILED;
    if (told->list != NULL) {
        struct json_object *object = new_object();
        put_text(object, "job", recovery->job);
        put_text(object, "job_id", recovery->job_id);
        put_text(object, "project_id", recovery->project_id);
        put_text(object, "request_id", recovery->request_id[0] != '\0' ? recovery->request_id : NULL);
        put_text(object, "outcome", cutover_recovered_name(recovery->outcome));
        put_text(object, "message", recovery->message);
        must(json_object_array_add(told->list, object) == 0 ? object : NULL);
    } else {
        printf("%s %s of project %s: %s: %s\n", recovery->job, recovery->job_id, recovery->project_id,
               cutover_recovered_name(recovery->outcome), recovery->message);
    }
    return CUTOVER_OK;
}

int run_recover(struct tool *tool)
{
    cutover_error *error = NULL;
    struct told told = {tool, tool->json ? must(json_object_new_array()) : NULL, 0, 0};

    if (tool_open(tool, NULL, &error) != CUTOVER_OK ||
        cutover_recover(tool->engine, tool->options[OPTION_PROJECT], tell, &told, &error) != CUTOVER_OK) {
        json_object_put(told.list);
        return fail(tool, error);
    }
    if (tool->json) {
        struct json_object *object = new_object();
        must(json_object_object_add(object, "jobs", told.list) == 0 ? object : NULL);
        print_json(object);
    } else if (told.count == 0) {
        printf("nothing is unfinished\n");
    }
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
}

int run_rollback(struct tool *tool)
{
    cutover_error *error = NULL;
    cutover_rollback *job = NULL;
    cutover_rollback_options options = CUTOVER_ROLLBACK_OPTIONS_INIT;

    options.actor = acting_as(tool, CUTOVER_ACTOR_OPERATOR);
    options.request_id = tool->operands[0];
    options.discard_writes = tool->options[OPTION_DISCARD_WRITES] != NULL;
    if (tool_open(tool, NULL, &error) != CUTOVER_OK ||
        cutover_rollback_start(tool->engine, &options, &job, &error) != CUTOVER_OK)
        return fail(tool, error);
    if (!tool->json)
        printf("written to production since the cutover: %s\n",
               cutover_writes_name(cutover_rollback_writes(job)));
    cutover_rollback_run(job, &error);
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
}

int run_restore(struct tool *tool)
{
    cutover_error *error = NULL;
    cutover_restore *job = NULL;
    cutover_restore_options options = CUTOVER_RESTORE_OPTIONS_INIT;
    struct bar bar;

    if (!parse_jobs(tool, &options.jobs) || !parse_verify(tool, &options.verify))
        return EXIT_USAGE;
    options.actor = acting_as(tool, CUTOVER_ACTOR_OPERATOR);
    /* Who may overwrite production is said by name, never assumed; see --as. */
    options.backup_id = tool->operands[0];
    options.preview_id = tool->options[OPTION_PREVIEW];
    options.project_id = tool->options[OPTION_PROJECT];
    options.confirm = tool->options[OPTION_CONFIRM] != NULL;
    options.progress = bar_show;
    options.progress_userdata = &bar;
    if (tool_open(tool, NULL, &error) != CUTOVER_OK ||
        cutover_restore_start(tool->engine, &options, &job, &error) != CUTOVER_OK)
        return fail(tool, error);
    bar_begin(&bar, tool, NULL);
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
