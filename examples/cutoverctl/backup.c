/* Backups: taken, verified again, found and deleted. */
#include "cutoverctl.h"

#include <limits.h>

#define PAGE 1000 /* the newest come first: each page reads all of them */

static const char *const backup_members[] = {"project_id",    "label",         "request_id", "promotion_id",
                                             "database_name", "tables",        "rows",       "bytes",
                                             "error",         "verify_method", "verdict",    "verify_detail",
                                             "verified_at",   "created_at",    "deleted_at", NULL};

static int show(struct tool *tool, cutover_backup *backup, cutover_error *error)
{
    if (backup == NULL)
        return fail(tool, error);
    print_record(tool, "backup", cutover_backup_json(backup), backup_members);
    cutover_backup_free(backup);
    return EXIT_DONE;
}

/* What create and verify have in common. */
static bool take_options(struct tool *tool, cutover_backup_options *options, struct bar *bar)
{
    if (!parse_jobs(tool, &options->jobs) || !parse_verify(tool, &options->verify))
        return false;
    options->actor = acting_as(tool, CUTOVER_ACTOR_OPERATOR);
    options->project_id = tool->options[OPTION_PROJECT];
    options->label = tool->options[OPTION_LABEL];
    options->progress = bar_show;
    options->progress_userdata = bar;
    return true;
}

static cutover_status see_project(const cutover_project *project, void *context)
{
    (void)project;
    (void)context;
    return CUTOVER_OK;
}

/* Asked before a job tells its steps: of a name that was mistyped there is nothing to do. */
static bool is_project(struct tool *tool, const char *id, cutover_error **error)
{
    return tool->platform.project_get(id, see_project, NULL, error, tool->platform.userdata) == CUTOVER_OK;
}

static bool is_backup(struct tool *tool, const char *id, cutover_error **error)
{
    cutover_backup *backup = NULL;
    cutover_status status = cutover_backup_get(tool->engine, id, &backup, error);

    cutover_backup_free(backup);
    return status == CUTOVER_OK;
}

int run_backup_create(struct tool *tool)
{
    cutover_error *error = NULL;
    cutover_backup *backup = NULL;
    cutover_backup_options options = CUTOVER_BACKUP_OPTIONS_INIT;
    struct bar bar = {0};

    if (!take_options(tool, &options, &bar))
        return EXIT_USAGE;
    if (tool_open(tool, NULL, &error) == CUTOVER_OK && is_project(tool, options.project_id, &error)) {
        bar_begin(&bar, tool, NULL, "the archive is dropped; production is only read");
        cutover_backup_create(tool->engine, &options, &backup, &error);
        bar_end(&bar);
    }
    if (backup == NULL)
        return bar.began ? fail_harmless(tool, error, "Production was only read.") : fail(tool, error);
    return show(tool, backup, error);
}

int run_backup_verify(struct tool *tool)
{
    cutover_error *error = NULL;
    cutover_backup *backup = NULL;
    cutover_backup_options options = CUTOVER_BACKUP_OPTIONS_INIT;
    struct bar bar = {0};

    if (!take_options(tool, &options, &bar))
        return EXIT_USAGE;
    if (tool_open(tool, NULL, &error) == CUTOVER_OK && is_backup(tool, tool->operands[0], &error)) {
        bar_begin(&bar, tool, NULL, "the backup stays what it was; production is only read");
        cutover_backup_verify(tool->engine, &options, tool->operands[0], &backup, &error);
        bar_end(&bar);
    }
    if (backup == NULL)
        return bar.began ? fail_harmless(tool, error, "Production was only read.") : fail(tool, error);
    return show(tool, backup, error);
}

int run_backup_show(struct tool *tool)
{
    cutover_error *error = NULL;
    cutover_backup *backup = NULL;

    if (tool_open(tool, NULL, &error) == CUTOVER_OK)
        cutover_backup_get(tool->engine, tool->operands[0], &backup, &error);
    return show(tool, backup, error);
}

int run_backup_path(struct tool *tool)
{
    cutover_error *error = NULL;
    char path[PATH_MAX];

    if (tool_open(tool, NULL, &error) != CUTOVER_OK ||
        cutover_backup_path(tool->engine, tool->operands[0], path, sizeof path, &error) != CUTOVER_OK)
        return fail(tool, error);
    if (tool->json) {
        struct json_object *object = new_object();
        put_text(object, "id", tool->operands[0]);
        put_text(object, "path", path);
        print_json(object);
    } else {
        puts(path);
    }
    return EXIT_DONE;
}

int run_backup_delete(struct tool *tool)
{
    cutover_error *error = NULL;
    cutover_backup *backup = NULL;
    const cutover_actor *actor = acting_as(tool, CUTOVER_ACTOR_OPERATOR);

    if (!confirmed(tool, "the bytes of backup %s are deleted for good", tool->operands[0]))
        return EXIT_USAGE;
    if (tool_open(tool, NULL, &error) == CUTOVER_OK &&
        cutover_backup_delete(tool->engine, actor, tool->operands[0], &error) == CUTOVER_OK)
        cutover_backup_get(tool->engine, tool->operands[0], &backup, &error);
    return show(tool, backup, error);
}

static cutover_status collect(struct tool *tool, struct json_object *backups, cutover_error **error)
{
    cutover_filter filter = CUTOVER_FILTER_INIT;
    char after[201];
    const char *given = "";
    size_t count;

    filter.project_id = tool->options[OPTION_PROJECT];
    filter.status = tool->options[OPTION_STATUS];
    filter.newest_first = 1;
    filter.after = after;
    if (!parse_limit(tool, PAGE, &filter.limit) || !parse_after(tool, &given))
        return CUTOVER_E_INVALID;
    snprintf(after, sizeof after, "%s", given);
    do {
        cutover_backup_list *page = NULL;
        cutover_status status = cutover_backups_find(tool->engine, &filter, &page, error);
        if (status != CUTOVER_OK)
            return status;
        count = cutover_backup_list_count(page);
        for (size_t i = 0; i < count; i++) {
            const cutover_backup *backup = cutover_backup_list_at(page, i);
            json_object_array_add(backups, parse_json(cutover_backup_json(backup)));
            snprintf(after, sizeof after, "%s", cutover_backup_id(backup));
        }
        cutover_backup_list_free(page);
    } while (tool->options[OPTION_LIMIT] == NULL && count == PAGE);
    return CUTOVER_OK;
}

int run_backup_list(struct tool *tool)
{
    cutover_error *error = NULL;
    struct json_object *backups = must(json_object_new_array());
    char bytes[BYTES_TEXT_MAX];

    if (tool_open(tool, NULL, &error) != CUTOVER_OK || collect(tool, backups, &error) != CUTOVER_OK) {
        json_object_put(backups);
        return error != NULL ? fail(tool, error) : EXIT_USAGE;
    }
    if (tool->json) {
        struct json_object *object = new_object();
        json_object_object_add(object, "backups", backups);
        print_json(object);
        return EXIT_DONE;
    }
    for (size_t i = 0; i < json_object_array_length(backups); i++) {
        struct json_object *backup = json_object_array_get_idx(backups, i);
        printf("%s  %-9s  %10s  %s  project %s  %s\n", member_text(backup, "id"), member_text(backup, "status"),
               format_bytes((uint64_t)member_number(backup, "bytes"), bytes), member_text(backup, "created_at"),
               member_text(backup, "project_id"), member_text(backup, "label"));
    }
    json_object_put(backups);
    return EXIT_DONE;
}
