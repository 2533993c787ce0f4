/* Projects and previews, as the registry keeps them. */
#include "cutoverctl.h"

#include <stdlib.h>
#include <string.h>

static struct json_object *project_json(const cutover_project *project)
{
    struct json_object *object = new_object();

    put_text(object, "id", project->id);
    put_text(object, "organization_id", project->organization_id);
    put_text(object, "state", project->state);
    put_text(object, "database", project->database);
    put_text(object, "control_database", project->control_database);
    put_text(object, "verify_database", project->verify_database);
    put_text(object, "loader_database", project->loader_database);
    put_text(object, "job_id", project->job_id);
    struct json_object *consoles = must(json_object_new_array());
    for (size_t i = 0; project->pgbouncers != NULL && project->pgbouncers[i] != NULL; i++)
        json_object_array_add(consoles, must(json_object_new_string(project->pgbouncers[i])));
    json_object_object_add(object, "pgbouncers", consoles);
    json_object_object_add(object, "hold_fence", must(json_object_new_boolean(project->hold_fence != 0)));
    return object;
}

static cutover_status keep_project(const cutover_project *project, void *context)
{
    *(struct json_object **)context = project_json(project);
    return CUTOVER_OK;
}

/* How production stands on its server, beside what the registry has of it. */
static cutover_status keep_standing(const cutover_recovery *recovery, void *context)
{
    struct json_object *project = context, *standing = new_object();

    put_text(standing, "outcome", cutover_recovered_name(recovery->outcome));
    put_text(standing, "job_id", recovery->job_id[0] != '\0' ? recovery->job_id : NULL);
    put_text(standing, "message", recovery->message);
    must(json_object_object_add(project, "production", standing) == 0 ? standing : NULL);
    return CUTOVER_OK;
}

static void print_standing(struct json_object *project)
{
    struct json_object *standing = NULL;

    if (json_object_object_get_ex(project, "production", &standing))
        printf("  %-24s %s: %s\n", "production", member_text(standing, "outcome"),
               member_text(standing, "message"));
}

static cutover_status show_project(struct tool *tool, const char *id, bool look, cutover_error **error)
{
    struct json_object *project = NULL, *left = NULL;
    cutover_status status =
        tool->platform.project_get(id, keep_project, &project, error, tool->platform.userdata);

    if (status == CUTOVER_OK && look)
        status = cutover_project_look(tool->engine, id, keep_standing, project, error);
    if (status == CUTOVER_OK && look)
        status = leftovers_json(tool, id, &left, error);
    if (status == CUTOVER_OK && left != NULL)
        json_object_object_add(project, "leftovers", left);
    if (status != CUTOVER_OK) {
        json_object_put(project);
        return status;
    }
    if (tool->json) {
        print_json(project);
        return CUTOVER_OK;
    }
    printf("project %s: %s\n", visible(id), member_text(project, "state"));
    if (member_text(project, "job_id") != NULL)
        printf("  %-24s %s\n", "for job", member_text(project, "job_id"));
    if (member_text(project, "organization_id") != NULL)
        printf("  %-24s %s\n", "organization", member_text(project, "organization_id"));
    printf("  %-24s %s\n", "database", member_text(project, "database"));
    if (member_text(project, "control_database") != NULL)
        printf("  %-24s %s\n", "control_database", member_text(project, "control_database"));
    if (member_text(project, "verify_database") != NULL)
        printf("  %-24s %s\n", "verify_database", member_text(project, "verify_database"));
    if (member_text(project, "loader_database") != NULL)
        printf("  %-24s %s\n", "loader_database", member_text(project, "loader_database"));
    struct json_object *consoles = json_object_object_get(project, "pgbouncers");
    for (size_t i = 0; i < json_object_array_length(consoles); i++)
        printf("  %-24s %s\n", "pgbouncer",
               visible(json_object_get_string(json_object_array_get_idx(consoles, i))));
    if (json_object_get_boolean(json_object_object_get(project, "hold_fence")))
        printf("  %-24s %s\n", "hold_fence", "yes");
    print_standing(project);
    print_leftovers(left);
    json_object_put(project);
    return CUTOVER_OK;
}

#define CONSOLES_MAX 100

/* The consoles of --pgbouncer, ended by a NULL: pieces of `copy`, which is cut for it. */
static bool parse_consoles(struct tool *tool, char **copy, const char *consoles[CONSOLES_MAX + 1])
{
    const char *given = tool->options[OPTION_PGBOUNCER];
    size_t count = 0;

    *copy = given != NULL ? must(strdup(given)) : NULL;
    for (char *rest = *copy, *piece; rest != NULL && (piece = strsep(&rest, ";")) != NULL;) {
        if (piece[strspn(piece, " ")] == '\0')
            continue;
        if (count == CONSOLES_MAX) {
            usage_error(tool, "--pgbouncer takes at most %d connection strings", CONSOLES_MAX);
            free(*copy);
            return false;
        }
        consoles[count++] = piece + strspn(piece, " ");
    }
    consoles[count] = NULL;
    return true;
}

/* The registry, so that the audit trail says who changed it. */
static cutover_status open_as(struct tool *tool, cutover_registry **registry, cutover_error **error)
{
    cutover_status status = tool_open(tool, NULL, error);

    return status != CUTOVER_OK ? status
                                : cutover_registry_open_as(
                                      &tool->store, acting_as(tool, CUTOVER_ACTOR_OPERATOR), registry, error);
}

/* What is not given stays; '' takes an optional one away. */
static cutover_status change_project(struct tool *tool, cutover_registry *registry, const char *const *consoles,
                                     int32_t hold_fence, cutover_error **error)
{
    cutover_project project = CUTOVER_PROJECT_INIT;

    project.id = tool->operands[0];
    project.organization_id = tool->options[OPTION_ORGANIZATION];
    project.database = tool->options[OPTION_DATABASE];
    project.control_database = tool->options[OPTION_CONTROL_DATABASE];
    project.verify_database = tool->options[OPTION_VERIFY_DATABASE];
    project.loader_database = tool->options[OPTION_LOADER_DATABASE];
    project.pgbouncers = tool->options[OPTION_PGBOUNCER] != NULL ? consoles : NULL;
    if (tool->options[OPTION_HOLD_FENCE] != NULL)
        project.hold_fence = hold_fence != 0 ? 1 : -1;
    return cutover_registry_project_set(registry, &project, error);
}

/* Whether any option that sets something was given. */
static bool sets_something(const struct tool *tool)
{
    for (unsigned i = 0; i < OPTION_COUNT; i++)
        if (tool->options[i] != NULL)
            return true;
    return false;
}

int run_project_set(struct tool *tool)
{
    cutover_error *error = NULL;
    cutover_registry *registry = NULL;
    const char *id = tool->operands[0], *consoles[CONSOLES_MAX + 1];
    int32_t hold_fence = 0;
    char *copy = NULL;

    if (!sets_something(tool))
        return usage_error(tool, "there is nothing to set");
    if (!parse_hold_fence(tool, &hold_fence) || !parse_consoles(tool, &copy, consoles))
        return EXIT_USAGE;
    bool done = open_as(tool, &registry, &error) == CUTOVER_OK &&
                change_project(tool, registry, consoles, hold_fence, &error) == CUTOVER_OK;
    done = done && show_project(tool, id, false, &error) == CUTOVER_OK;
    cutover_registry_free(registry);
    free(copy);
    return done ? EXIT_DONE : fail(tool, error);
}

/* With --json {NAME: [...]}, else each by a line or more; takes the list. */
static int print_list(const struct tool *tool, struct json_object *list, const char *name,
                      void (*print)(struct json_object *one))
{
    if (tool->json) {
        struct json_object *object = new_object();
        json_object_object_add(object, name, list);
        print_json(object);
        return EXIT_DONE;
    }
    for (size_t i = 0; i < json_object_array_length(list); i++)
        print(json_object_array_get_idx(list, i));
    json_object_put(list);
    return EXIT_DONE;
}

static cutover_status add_project(const cutover_project *project, void *context)
{
    json_object_array_add(context, project_json(project));
    return CUTOVER_OK;
}

static void print_project_line(struct json_object *project)
{
    printf("%-24s %-10s %s\n", member_text(project, "id"), member_text(project, "state"),
           member_text(project, "database"));
}

int run_project_list(struct tool *tool)
{
    cutover_error *error = NULL;
    struct json_object *list = must(json_object_new_array());

    if (tool_open(tool, NULL, &error) == CUTOVER_OK &&
        cutover_registry_projects_list(tool->registry, add_project, list, &error) == CUTOVER_OK)
        return print_list(tool, list, "projects", print_project_line);
    json_object_put(list);
    return fail(tool, error);
}

static int told(const struct tool *tool, const char *did, const char *id)
{
    if (tool->json) {
        struct json_object *object = new_object();
        put_text(object, did, id);
        print_json(object);
    } else {
        printf("%s: %s\n", did, visible(id));
    }
    return EXIT_DONE;
}

int run_project_confirm_server(struct tool *tool)
{
    cutover_error *error = NULL;
    const cutover_actor *actor = acting_as(tool, CUTOVER_ACTOR_OPERATOR);

    if (!acts_by_name(tool))
        return EXIT_USAGE;
    if (tool_open(tool, NULL, &error) != CUTOVER_OK ||
        cutover_project_confirm_server(tool->engine, actor, tool->operands[0], tool->operands[1],
                                       tool->options[OPTION_REASON], &error) != CUTOVER_OK)
        return fail(tool, error);
    return told(tool, "confirmed", tool->operands[1]);
}

int run_project_remove(struct tool *tool)
{
    cutover_error *error = NULL;
    cutover_registry *registry = NULL;
    cutover_project_removal options = CUTOVER_PROJECT_REMOVAL_INIT;

    if (!confirmed(tool, "project %s is taken out of the registry", tool->operands[0]))
        return EXIT_USAGE;
    options.project_id = tool->operands[0];
    options.reason = tool->options[OPTION_REASON];
    options.confirm = 1;
    options.without_server = tool->options[OPTION_WITHOUT_SERVER] != NULL;
    bool done = open_as(tool, &registry, &error) == CUTOVER_OK &&
                cutover_registry_project_remove(registry, tool->engine, &options, &error) == CUTOVER_OK;
    cutover_registry_free(registry);
    return done ? told(tool, "removed", tool->operands[0]) : fail(tool, error);
}

int run_project_add(struct tool *tool)
{
    cutover_error *error = NULL;
    cutover_registry *registry = NULL;
    cutover_project project = CUTOVER_PROJECT_INIT;
    const char *consoles[CONSOLES_MAX + 1];
    char *copy = NULL;

    if (!parse_hold_fence(tool, &project.hold_fence) || !parse_consoles(tool, &copy, consoles))
        return EXIT_USAGE;
    project.pgbouncers = consoles;

    project.id = tool->operands[0];
    if (tool->options[OPTION_ORGANIZATION] != NULL)
        project.organization_id = tool->options[OPTION_ORGANIZATION];
    project.database = tool->options[OPTION_DATABASE];
    project.control_database = tool->options[OPTION_CONTROL_DATABASE];
    project.verify_database = tool->options[OPTION_VERIFY_DATABASE];
    project.loader_database = tool->options[OPTION_LOADER_DATABASE];
    bool done = open_as(tool, &registry, &error) == CUTOVER_OK &&
                cutover_registry_project_add(registry, &project, &error) == CUTOVER_OK &&
                show_project(tool, project.id, false, &error) == CUTOVER_OK;
    cutover_registry_free(registry);
    free(copy);
    return done ? EXIT_DONE : fail(tool, error);
}

int run_project_show(struct tool *tool)
{
    cutover_error *error = NULL;

    if (tool_open(tool, NULL, &error) != CUTOVER_OK ||
        show_project(tool, tool->operands[0], true, &error) != CUTOVER_OK)
        return fail(tool, error);
    return EXIT_DONE;
}

static struct json_object *preview_json(const cutover_preview *preview)
{
    struct json_object *object = new_object();

    put_text(object, "id", preview->id);
    put_text(object, "project_id", preview->project_id);
    bool expired =
        strcmp(preview->state, "ready") == 0 && preview->expires_at != 0 && preview->expires_at <= time_now();
    put_text(object, "state", expired ? "expired" : preview->state);
    put_text(object, "database", preview->database);
    put_time(object, "expires_at", preview->expires_at);
    return object;
}

void print_preview(struct json_object *preview)
{
    const char *expires = member_text(preview, "expires_at");

    printf("preview %s: %s, of project %s, expires %s\n", member_text(preview, "id"),
           member_text(preview, "state"), member_text(preview, "project_id"),
           expires != NULL ? expires : "never");
    printf("  %-24s %s\n", "database", member_text(preview, "database"));
}

static cutover_status keep_preview(const cutover_preview *preview, void *context)
{
    *(struct json_object **)context = preview_json(preview);
    return CUTOVER_OK;
}

cutover_status preview_of(struct tool *tool, const char *id, struct json_object **preview,
                          cutover_error **error)
{
    return tool->platform.preview_get(id, keep_preview, preview, error, tool->platform.userdata);
}

static cutover_status show_preview(struct tool *tool, const char *id, cutover_error **error)
{
    struct json_object *preview = NULL;
    cutover_status status = preview_of(tool, id, &preview, error);

    if (status != CUTOVER_OK)
        return status;
    if (tool->json) {
        print_json(preview);
    } else {
        print_preview(preview);
        json_object_put(preview);
    }
    return CUTOVER_OK;
}

int run_preview_add(struct tool *tool)
{
    cutover_error *error = NULL;
    cutover_registry *registry = NULL;
    cutover_preview preview = CUTOVER_PREVIEW_INIT;
    int64_t expires_at = 0;

    if (!parse_expiry(tool, &expires_at))
        return EXIT_USAGE;
    preview.id = tool->operands[0];
    preview.project_id = tool->options[OPTION_PROJECT];
    preview.database = tool->options[OPTION_DATABASE];
    preview.expires_at = expires_at;
    bool done = open_as(tool, &registry, &error) == CUTOVER_OK &&
                cutover_registry_preview_add(registry, &preview, &error) == CUTOVER_OK &&
                show_preview(tool, preview.id, &error) == CUTOVER_OK;
    cutover_registry_free(registry);
    return done ? EXIT_DONE : fail(tool, error);
}

static cutover_status keep_expiry(const cutover_preview *preview, void *context)
{
    *(int64_t *)context = preview->expires_at;
    return CUTOVER_OK;
}

/* 0 is never. */
static bool is_earlier(int64_t at, int64_t than)
{
    return at != 0 && (than == 0 || at < than);
}

int run_preview_extend(struct tool *tool)
{
    cutover_error *error = NULL;
    cutover_registry *registry = NULL;
    const char *id = tool->operands[0];
    int64_t expires_at = 0, now_expires_at = 0;

    if (!parse_expiry(tool, &expires_at))
        return EXIT_USAGE;
    bool done = open_as(tool, &registry, &error) == CUTOVER_OK &&
                tool->platform.preview_get(id, keep_expiry, &now_expires_at, &error, tool->platform.userdata) ==
                    CUTOVER_OK;
    bool meant =
        !done || !is_earlier(expires_at, now_expires_at) ||
        confirmed(tool,
                  "preview %s expires earlier than it does now; a promotion of it that has not swapped by "
                  "then fails",
                  id);
    done = done && meant && cutover_registry_preview_extend(registry, id, expires_at, &error) == CUTOVER_OK &&
           show_preview(tool, id, &error) == CUTOVER_OK;
    cutover_registry_free(registry);
    return done ? EXIT_DONE : meant ? fail(tool, error) : EXIT_USAGE;
}

static cutover_status add_preview(const cutover_preview *preview, void *context)
{
    json_object_array_add(context, preview_json(preview));
    return CUTOVER_OK;
}

int run_preview_list(struct tool *tool)
{
    cutover_error *error = NULL;
    struct json_object *list = must(json_object_new_array());

    if (tool_open(tool, NULL, &error) == CUTOVER_OK &&
        cutover_registry_previews_list(tool->registry, tool->options[OPTION_PROJECT], add_preview, list,
                                       &error) == CUTOVER_OK)
        return print_list(tool, list, "previews", print_preview);
    json_object_put(list);
    return fail(tool, error);
}

int run_preview_show(struct tool *tool)
{
    cutover_error *error = NULL;

    if (tool_open(tool, NULL, &error) != CUTOVER_OK ||
        show_preview(tool, tool->operands[0], &error) != CUTOVER_OK)
        return fail(tool, error);
    return EXIT_DONE;
}

int run_preview_remove(struct tool *tool)
{
    cutover_error *error = NULL;
    cutover_registry *registry = NULL;

    bool done = open_as(tool, &registry, &error) == CUTOVER_OK &&
                cutover_registry_preview_remove(registry, tool->operands[0], &error) == CUTOVER_OK;
    cutover_registry_free(registry);
    return done ? told(tool, "removed", tool->operands[0]) : fail(tool, error);
}

/* Their databases are whoever's made them: they are told, not dropped. */
int run_preview_reap(struct tool *tool)
{
    cutover_error *error = NULL;
    cutover_registry *registry = NULL;
    struct json_object *list = must(json_object_new_array());

    bool done = open_as(tool, &registry, &error) == CUTOVER_OK &&
                cutover_registry_previews_reap(registry, tool->options[OPTION_PROJECT], add_preview, list, NULL,
                                               &error) == CUTOVER_OK;
    cutover_registry_free(registry);
    if (done)
        return print_list(tool, list, "removed", print_preview);
    json_object_put(list);
    return fail(tool, error);
}
