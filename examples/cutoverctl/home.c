#include "cutoverctl.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static cutover_status home_error(cutover_status code, const char *what, const char *path, const char *hint,
                                 cutover_error **error)
{
    char message[PATH_MAX + 200];

    snprintf(message, sizeof message, "%s %s: %s", what, path, strerror(errno));
    *error = must(cutover_error_new(code, message, NULL, hint));
    return code;
}

static cutover_status make_absolute(struct tool *tool, cutover_error **error)
{
    char *absolute = realpath(tool->home, NULL);

    if (absolute == NULL)
        return home_error(CUTOVER_E_NOT_FOUND, "cannot open the home folder", tool->home,
                          "make it with `cutoverctl init`, or name another with --home", error);
    free(tool->home);
    tool->home = absolute;
    return CUTOVER_OK;
}

static char *joined(const char *folder, const char *name)
{
    size_t size = strlen(folder) + strlen(name) + 2;
    char *path = must(malloc(size));

    snprintf(path, size, "%s/%s", folder, name);
    return path;
}

static const char *set_variable(const char *name)
{
    const char *value = getenv(name);

    return value != NULL && value[0] != '\0' ? value : NULL;
}

char *default_home(void)
{
    const char *home = set_variable("CUTOVER_HOME"), *state = set_variable("XDG_STATE_HOME");
    const char *own = set_variable("HOME");

    if (home != NULL)
        return must(strdup(home));
    if (access(".cutover", F_OK) == 0 || (own == NULL && state == NULL))
        return must(strdup(".cutover"));
    /* A relative path is none, as that specification has it. */
    return state != NULL && state[0] == '/' ? joined(state, "cutover")
           : own != NULL                    ? joined(own, ".local/state/cutover")
                                            : must(strdup(".cutover"));
}

const char *default_store(void)
{
    return set_variable("CUTOVER_STORE");
}

/* The folders before the last one, where they are of the kind that everybody makes: ~/.local/state. */
static void make_parents(const char *path)
{
    char *copy = must(strdup(path));

    for (char *slash = strchr(copy + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(copy, 0700);
        *slash = '/';
    }
    free(copy);
}

static char *in_home(const struct tool *tool, const char *name)
{
    size_t size = strlen(tool->home) + strlen(name) + 2;
    char *path = must(malloc(size));

    snprintf(path, size, "%s/%s", tool->home, name);
    return path;
}

/* What is added or changed in it is told of whoever runs the tool. */
static cutover_status open_registry(struct tool *tool, cutover_error **error)
{
    const cutover_actor chosen = tool->actor; /* the command's own, if it has asked already */
    const cutover_actor actor = *acting_as(tool, CUTOVER_ACTOR_OPERATOR);

    tool->actor = chosen;
    return cutover_registry_open_as(&tool->store, &actor, &tool->registry, error);
}

static void log_to(FILE *file, cutover_log_level level, const char *line)
{
    static const char *const levels[] = {"", "debug", "info", "warning", "error"};
    struct timespec now;
    char at[TIME_TEXT_MAX];

    clock_gettime(CLOCK_REALTIME, &now);
    fprintf(file, "%s  %-7s  %s\n", format_time((int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000, at),
            levels[level], line);
    fflush(file);
}

static void take_log(cutover_log_level level, const char *line, void *userdata)
{
    const struct tool *tool = userdata;

    if (tool->verbose)
        log_to(stderr, level, line);
    if (tool->log != NULL)
        log_to(tool->log, level, line);
}

static cutover_status open_webhooks(struct tool *tool, cutover_error **error)
{
    cutover_webhooks_options options = CUTOVER_WEBHOOKS_OPTIONS_INIT;

    options.flags = tool->hook_flags;
    options.store = &tool->store;
    options.ca_file = tool->options[OPTION_CA_FILE];
    if (tool->verbose || tool->log != NULL) {
        options.log = take_log;
        options.log_userdata = tool;
    }
    cutover_status status = cutover_webhooks_new(&options, &tool->webhooks, error);
    return status == CUTOVER_OK ? cutover_webhooks_notifier(tool->webhooks, &tool->hook, error) : status;
}

static cutover_status open_ports(struct tool *tool, const char *events, cutover_error **error)
{
    char *database = in_home(tool, "cutover.db");
    char *backups = in_home(tool, "backups");

    cutover_store_init(&tool->store, CUTOVER_STORE_VERSION);
    cutover_repository_init(&tool->repository, CUTOVER_REPOSITORY_VERSION);
    cutover_platform_init(&tool->known, CUTOVER_PLATFORM_VERSION);
    cutover_platform_init(&tool->platform, CUTOVER_PLATFORM_VERSION);
    cutover_notifier_init(&tool->notifier, CUTOVER_NOTIFIER_VERSION);
    cutover_notifier_init(&tool->hook, CUTOVER_NOTIFIER_VERSION);
    cutover_status status = tool->store_location != NULL
                                ? cutover_store_open(tool->store_location, &tool->store, error)
                                : cutover_store_sqlite_open(database, &tool->store, error);
    if (status == CUTOVER_OK)
        status = cutover_repository_directory_open(backups, &tool->repository, error);
    if (status == CUTOVER_OK)
        status = open_registry(tool, error);
    if (status == CUTOVER_OK)
        status = cutover_registry_platform(tool->registry, &tool->known, error);
    if (status == CUTOVER_OK)
        status = cutover_platform_pgbouncer_wrap(&tool->known, NULL, &tool->platform, error);
    if (status == CUTOVER_OK && events != NULL)
        status = cutover_notifier_jsonl_open(events, &tool->notifier, error);
    if (status == CUTOVER_OK && tool->hooking)
        status = open_webhooks(tool, error);
    free(backups);
    free(database);
    return status;
}

/* For nobody else to read, where it is made here: it names databases and roles. */
static cutover_status open_log(struct tool *tool, cutover_error **error)
{
    if (tool->log_file == NULL || tool->log != NULL)
        return CUTOVER_OK;
    int file = open(tool->log_file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0)
        return home_error(CUTOVER_E_IO, "cannot open the log file", tool->log_file,
                          "name one that you may append to", error);
    tool->log = must(fdopen(file, "a"));
    return CUTOVER_OK;
}

static cutover_status open_engine(struct tool *tool, const char *events, cutover_error **error)
{
    cutover_status status = open_log(tool, error);
    if (status == CUTOVER_OK)
        status = open_ports(tool, events, error);
    if (status != CUTOVER_OK)
        return status;

    cutover_engine_options options = CUTOVER_ENGINE_OPTIONS_INIT;
    options.store = &tool->store;
    options.repository = &tool->repository;
    options.platform = &tool->platform;
    cutover_named_notifier file = CUTOVER_NAMED_NOTIFIER_INIT;
    file.name = NOTIFIER_NAME; /* whichever file it is: an event goes into one of them */
    file.notifier = &tool->notifier;
    cutover_named_notifier hook = CUTOVER_NAMED_NOTIFIER_INIT;
    hook.name = WEBHOOK_NOTIFIER_NAME;
    hook.notifier = &tool->hook;
    options.notifiers = (const cutover_named_notifier *const[]){tool->hooking ? &hook : &file};
    options.notifier_count = events != NULL || tool->hooking ? 1 : 0;
    options.pg_bin_dir = getenv("CUTOVER_PG_BIN_DIR");
    if (tool->verbose || tool->log != NULL) {
        options.log = take_log;
        options.log_userdata = tool;
    }
    if (!tool->acting)
        options.policy |= CUTOVER_POLICY_ACK_BY_REQUESTER;
    return cutover_engine_new(&options, &tool->engine, error);
}

cutover_status tool_open(struct tool *tool, const char *events, cutover_error **error)
{
    cutover_status status = make_absolute(tool, error);
    if (status != CUTOVER_OK)
        return status;
    char *database = in_home(tool, "cutover.db");
    if (tool->store_location == NULL && access(database, R_OK | W_OK) != 0)
        status = home_error(CUTOVER_E_NOT_FOUND, "cannot open", database,
                            "begin with `cutoverctl init`, or name another home with --home", error);
    free(database);
    return status != CUTOVER_OK ? status : open_engine(tool, events, error);
}

void tool_close(struct tool *tool)
{
    cutover_engine_free(tool->engine);
    cutover_webhooks_free(tool->webhooks);
    if (tool->notifier.version != 0)
        cutover_notifier_close(&tool->notifier);
    cutover_platform_pgbouncer_unwrap(&tool->platform);
    cutover_registry_free(tool->registry);
    cutover_repository_close(&tool->repository);
    cutover_store_close(&tool->store);
    if (tool->log != NULL)
        fclose(tool->log);
    free(tool->actor_id);
    free(tool->home);
}

int run_init(struct tool *tool)
{
    cutover_error *error = NULL;

    if (!tool->home_given)
        make_parents(tool->home);
    bool made = mkdir(tool->home, 0700) == 0;
    if (!made && errno != EEXIST) {
        home_error(CUTOVER_E_IO, "cannot make the home folder", tool->home, "its parent must exist", &error);
        return fail(tool, error);
    }
    if (make_absolute(tool, &error) != CUTOVER_OK || open_engine(tool, NULL, &error) != CUTOVER_OK)
        return fail(tool, error);

    struct stat found;
    if (!made && stat(tool->home, &found) == 0 && (found.st_mode & 077) != 0)
        fprintf(stderr, "cutoverctl: others can look into %s; close it with `chmod 700`\n", tool->home);
    if (tool->json) {
        struct json_object *object = new_object();
        put_text(object, "home", tool->home);
        print_json(object);
    } else {
        printf("home: %s\n", tool->home);
        puts("next: cutoverctl project add ID --database CONNINFO");
    }
    return EXIT_DONE;
}
