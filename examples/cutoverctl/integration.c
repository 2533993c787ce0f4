/* integration connect, list, show, sync, disconnect: sites of customers that are told a project's connection strings. */
#include "cutoverctl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER "integrations" /* of secrets, in the home folder */
#define SECRET_FILE_MAX 16384
#define TARGETS_MAX CUTOVER_INTEGRATION_TARGETS_MAX

static const char *const shown[] = {"provider",      "site_id",      "account_id", "pooled_name",
                                    "unpooled_name", "status",       "synced_at",  "next_attempt_at",
                                    "last_error",    "connected_at", NULL};

static void take_log(cutover_log_level level, const char *line, void *userdata)
{
    const struct tool *tool = userdata;

    if (tool->verbose && level >= CUTOVER_LOG_INFO)
        fprintf(stderr, "%s\n", line);
}

/* Where the providers are, for a proxy of one's own: it may be anywhere then. */
static const char *base_url(const char *variable, cutover_integrations_options *options)
{
    const char *url = getenv(variable);

    if (url == NULL || url[0] == '\0')
        return NULL;
    options->flags |= CUTOVER_INTEGRATIONS_ALLOW_PRIVATE;
    return url;
}

static cutover_status open_integrations(struct tool *tool, cutover_integrations **integrations,
                                        cutover_error **error)
{
    cutover_integrations_options options = CUTOVER_INTEGRATIONS_OPTIONS_INIT;
    char *folder = NULL;

    cutover_status status = tool_open(tool, NULL, error);
    if (status != CUTOVER_OK)
        return status;
    if (asprintf(&folder, "%s/%s", tool->home, FOLDER) < 0)
        must(NULL);
    options.store = &tool->store;
    options.folder = folder;
    options.vercel_url = base_url("CUTOVER_VERCEL_URL", &options);
    options.netlify_url = base_url("CUTOVER_NETLIFY_URL", &options);
    options.log = take_log;
    options.log_userdata = tool;
    status = cutover_integrations_new(&options, integrations, error);
    free(folder);
    return status;
}

/* ---- secrets, from files that nobody else can read ---- */

static cutover_status refuse_file(const char *path, const char *why, const char *hint, cutover_error **error)
{
    char message[600];

    snprintf(message, sizeof message, "cannot take %.400s: %s", path, why);
    *error = must(cutover_error_new(CUTOVER_E_INVALID, message, NULL, hint));
    return CUTOVER_E_INVALID;
}

/* The lines of a file, wiped by wipe(). */
static cutover_status read_secret(const char *path, char **text, cutover_error **error)
{
    struct stat about;
    int file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

    if (file < 0 || fstat(file, &about) != 0) {
        cutover_status status = refuse_file(path, strerror(errno), NULL, error);
        if (file >= 0)
            close(file);
        return status;
    }
    if (!S_ISREG(about.st_mode) || (about.st_mode & 077) != 0 || about.st_size > SECRET_FILE_MAX) {
        close(file);
        return refuse_file(path,
                           S_ISREG(about.st_mode) ? "others may read it, or it is too large" : "it is no file",
                           "A secret is for you alone: chmod 600.", error);
    }
    *text = must(calloc(1, SECRET_FILE_MAX + 1));
    ssize_t count = read(file, *text, SECRET_FILE_MAX);
    close(file);
    if (count >= 0)
        return CUTOVER_OK;
    return refuse_file(path, strerror(errno), NULL, error);
}

static void wipe(char *text)
{
    if (text != NULL)
        explicit_bzero(text, SECRET_FILE_MAX);
    free(text);
}

/* The first line; *next is what comes after it. NULL where it is empty. */
static const char *line_of(char *text, char **next)
{
    size_t length = strcspn(text, "\r\n");

    *next = text + length;
    while (**next == '\r' || **next == '\n')
        *(*next)++ = '\0';
    return length > 0 ? text : NULL;
}

/* ---- the commands ---- */

static size_t split_targets(char *text, const char *targets[TARGETS_MAX + 1])
{
    size_t count = 0;

    for (char *at = text, *word; count <= TARGETS_MAX && (word = strsep(&at, ",")) != NULL;)
        targets[count++] = word;
    return count;
}

static int print_integration(const struct tool *tool, const char *what, cutover_integration *integration)
{
    char title[300];

    snprintf(title, sizeof title, "integration of %s with %s: %s",
             visible(cutover_integration_project_id(integration)), cutover_integration_provider(integration),
             what);
    print_record(tool, title, cutover_integration_json(integration), shown);
    cutover_integration_free(integration);
    return EXIT_DONE;
}

static cutover_status take_nothing(const cutover_project *project, void *context)
{
    (void)project;
    (void)context;
    return CUTOVER_OK;
}

/* What is no project of the registry has no sites. */
static cutover_status find_project(struct tool *tool, cutover_error **error)
{
    return tool->known.project_get(tool->options[OPTION_PROJECT], take_nothing, NULL, error,
                                   tool->known.userdata);
}

static cutover_status connect_site(struct tool *tool, cutover_integration_options *options, char *token,
                                   char *urls, cutover_integrations *integrations,
                                   cutover_integration **integration, cutover_error **error)
{
    char *rest = NULL;

    options->actor = acting_as(tool, CUTOVER_ACTOR_OPERATOR);
    options->provider = tool->operands[0];
    options->project_id = tool->options[OPTION_PROJECT];
    options->site_id = tool->options[OPTION_SITE];
    options->account_id = tool->options[OPTION_ACCOUNT];
    options->pooled_name = tool->options[OPTION_POOLED_NAME];
    options->unpooled_name = tool->options[OPTION_UNPOOLED_NAME];
    options->flags = (tool->options[OPTION_SECRET] != NULL ? (uint32_t)CUTOVER_INTEGRATION_SECRET : 0) |
                     (tool->options[OPTION_LATER] != NULL ? (uint32_t)CUTOVER_INTEGRATION_LATER : 0);
    if (token != NULL)
        options->token = line_of(token, &rest);
    if (urls != NULL) {
        options->pooled_url = line_of(urls, &rest);
        options->unpooled_url = line_of(rest, &rest);
    }
    return cutover_integration_connect(integrations, options, integration, error);
}

int run_integration_connect(struct tool *tool)
{
    cutover_integration_options options = CUTOVER_INTEGRATION_OPTIONS_INIT;
    const char *targets[TARGETS_MAX + 1];
    cutover_integrations *integrations = NULL;
    cutover_integration *integration = NULL;
    cutover_error *error = NULL;
    char *token = NULL, *urls = NULL, *words = NULL;

    if (tool->options[OPTION_TARGETS] != NULL) {
        words = must(strdup(tool->options[OPTION_TARGETS]));
        options.targets = targets;
        options.target_count = split_targets(words, targets);
    }
    cutover_status status = open_integrations(tool, &integrations, &error);
    if (status == CUTOVER_OK)
        status = find_project(tool, &error);
    if (status == CUTOVER_OK && tool->options[OPTION_TOKEN_FILE] != NULL)
        status = read_secret(tool->options[OPTION_TOKEN_FILE], &token, &error);
    if (status == CUTOVER_OK && tool->options[OPTION_URL_FILE] != NULL)
        status = read_secret(tool->options[OPTION_URL_FILE], &urls, &error);
    if (status == CUTOVER_OK)
        status = connect_site(tool, &options, token, urls, integrations, &integration, &error);
    wipe(token);
    wipe(urls);
    free(words);
    cutover_integrations_free(integrations);
    return status == CUTOVER_OK ? print_integration(tool, "connected", integration) : fail(tool, error);
}

int run_integration_show(struct tool *tool)
{
    cutover_integrations *integrations = NULL;
    cutover_integration *integration = NULL;
    cutover_error *error = NULL;

    cutover_status status = open_integrations(tool, &integrations, &error);
    if (status == CUTOVER_OK)
        status = cutover_integration_get(integrations, tool->options[OPTION_PROJECT], tool->operands[0],
                                         &integration, &error);
    cutover_integrations_free(integrations);
    return status == CUTOVER_OK ? print_integration(tool, cutover_integration_status(integration), integration)
                                : fail(tool, error);
}

int run_integration_disconnect(struct tool *tool)
{
    cutover_integrations *integrations = NULL;
    cutover_error *error = NULL;
    const cutover_actor *actor = acting_as(tool, CUTOVER_ACTOR_OPERATOR);
    const char *project = tool->options[OPTION_PROJECT], *provider = tool->operands[0];

    cutover_status status = open_integrations(tool, &integrations, &error);
    if (status == CUTOVER_OK)
        status = cutover_integration_disconnect(integrations, actor, project, provider, &error);
    cutover_integrations_free(integrations);
    if (status != CUTOVER_OK)
        return fail(tool, error);
    if (tool->json) {
        struct json_object *object = new_object();
        put_text(object, "project_id", project);
        put_text(object, "provider", provider);
        print_json(object);
    } else {
        printf("integration of %s with %s: disconnected; the variables stay there\n", visible(project),
               provider);
    }
    return EXIT_DONE;
}

struct lines {
    const struct tool *tool;
    struct json_object *list;
};

static cutover_status list_one(const cutover_integration *integration, void *context)
{
    const struct lines *lines = context;
    struct json_object *record = parse_json(cutover_integration_json(integration));

    json_object_array_add(lines->list, record);
    if (!lines->tool->json)
        printf("%s  %-7s  %-7s  %s  %s%s\n", visible(cutover_integration_project_id(integration)),
               cutover_integration_provider(integration), cutover_integration_status(integration),
               member_text(record, "site_id"),
               member_text(record, "synced_at") != NULL ? "synced " : "never synced",
               member_text(record, "synced_at") != NULL ? member_text(record, "synced_at") : "");
    return CUTOVER_OK;
}

static cutover_status list_all(struct tool *tool, cutover_integrations *integrations, const char *project,
                               struct json_object *list, cutover_error **error)
{
    struct lines lines = {tool, list};
    cutover_status status = cutover_integrations_list(integrations, project, list_one, &lines, error);

    if (status == CUTOVER_OK && !tool->json && json_object_array_length(list) == 0)
        printf("nothing is connected\n");
    return status;
}

int run_integration_list(struct tool *tool)
{
    struct json_object *list = must(json_object_new_array());
    cutover_integrations *integrations = NULL;
    cutover_error *error = NULL;

    cutover_status status = open_integrations(tool, &integrations, &error);
    if (status == CUTOVER_OK)
        status = project_known(tool, tool->options[OPTION_PROJECT], &error);
    if (status == CUTOVER_OK)
        status = list_all(tool, integrations, tool->options[OPTION_PROJECT], list, &error);
    cutover_integrations_free(integrations);
    if (status != CUTOVER_OK || !tool->json) {
        json_object_put(list);
        return status == CUTOVER_OK ? EXIT_DONE : fail(tool, error);
    }
    struct json_object *object = new_object();
    json_object_object_add(object, "integrations", list);
    print_json(object);
    return EXIT_DONE;
}

/* ---- sync ---- */

/* What the outbox has for integrations: an engine that knows of them takes it. */
static cutover_status take_events(struct tool *tool, cutover_integrations *integrations, cutover_error **error)
{
    cutover_engine_options options = CUTOVER_ENGINE_OPTIONS_INIT;
    cutover_named_notifier named = CUTOVER_NAMED_NOTIFIER_INIT;
    cutover_notifier notifier = CUTOVER_NOTIFIER_INIT;
    cutover_engine *engine = NULL;

    cutover_status status = cutover_integrations_notifier(integrations, &notifier, error);
    named.name = "integration";
    named.notifier = &notifier;
    options.store = &tool->store;
    options.repository = &tool->repository;
    options.platform = &tool->platform;
    options.notifiers = (const cutover_named_notifier *const[]){&named};
    options.notifier_count = 1;
    if (status == CUTOVER_OK)
        status = cutover_engine_new(&options, &engine, error);
    if (status == CUTOVER_OK)
        status = cutover_events_deliver(engine, NULL, NULL, error);
    cutover_engine_free(engine);
    cutover_notifier_close(&notifier);
    return status;
}

static int print_run(const struct tool *tool, const cutover_integration_run *run)
{
    char at[TIME_TEXT_MAX];

    if (tool->json) {
        struct json_object *object = new_object();
        put_number(object, "synced", run->synced);
        put_number(object, "failed", run->failed);
        put_number(object, "given_up", run->given_up);
        put_number(object, "waiting", run->waiting);
        put_time(object, "next_due", run->next_due);
        print_json(object);
    } else {
        printf("synced %u, failed %u, given up %u, waiting %u%s%s\n", run->synced, run->failed, run->given_up,
               run->waiting, run->next_due != 0 ? "; next " : "",
               run->next_due != 0 ? format_time(run->next_due, at) : "");
    }
    return run->failed + run->given_up > 0 ? EXIT_FAILED : EXIT_DONE;
}

/* By hand: of one project, with one provider or all that it has. */
static cutover_status wish(struct tool *tool, cutover_integrations *integrations, cutover_error **error)
{
    const char *const asked = tool->operands[0];
    const char *const providers[] = {asked != NULL ? asked : "vercel", "netlify"};
    const size_t count = asked != NULL ? 1 : 2;
    const cutover_actor *actor = acting_as(tool, CUTOVER_ACTOR_OPERATOR);
    cutover_status status = CUTOVER_OK;
    bool found = false;

    for (size_t i = 0; i < count; i++) {
        cutover_error_free(*error);
        status = cutover_integration_sync(integrations, actor, tool->options[OPTION_PROJECT], providers[i],
                                          NULL, error);
        if (status != CUTOVER_OK && status != CUTOVER_E_NOT_FOUND)
            return status;
        found = found || status == CUTOVER_OK;
    }
    if (found) {
        cutover_error_free(*error);
        *error = NULL;
    }
    return found ? CUTOVER_OK : status;
}

int run_integration_sync(struct tool *tool)
{
    cutover_integration_run run = CUTOVER_INTEGRATION_RUN_INIT;
    cutover_integrations *integrations = NULL;
    cutover_error *error = NULL;
    const char *project = tool->options[OPTION_PROJECT];

    if (project == NULL && tool->operands[0] != NULL)
        return usage_error(tool, "--project is missing: whose site is it?");
    cutover_status status = open_integrations(tool, &integrations, &error);
    if (status == CUTOVER_OK)
        status = project != NULL ? wish(tool, integrations, &error) : take_events(tool, integrations, &error);
    if (status == CUTOVER_OK)
        status = cutover_integrations_deliver(integrations, project, &run, &error);
    cutover_integrations_free(integrations);
    return status == CUTOVER_OK ? print_run(tool, &run) : fail(tool, error);
}
