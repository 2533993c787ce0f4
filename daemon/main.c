/*
 * cutoverd: the HTTP API of libcutover, its dashboard, and what has to be done by itself. See docs/operations.md.
 */
#include "chores.h"
#include "jobs.h"
#include "log.h"
#include "server.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#ifndef SYSCONF_DIR
#define SYSCONF_DIR "/etc"
#endif
#define DEFAULT_CONFIGURATION SYSCONF_DIR "/cutover/cutoverd.conf"

enum { EXIT_GOOD = 0, EXIT_BAD = 1, EXIT_WRONG = 2 };

struct daemon {
    struct configuration configuration;
    struct house house;
    struct metrics metrics;
    struct jobs jobs;
    struct chores chores;
    struct streams streams;
    struct site site;
    struct server *server;
};

static void usage(FILE *file)
{
    fputs(
        "usage: cutoverd [--config FILE] [--check]\n"
        "\n"
        "Serves the API of libcutover and its dashboard, runs jobs, recovers those whose process is gone, "
        "delivers events.\n"
        "\n"
        "  --config FILE   the configuration; " DEFAULT_CONFIGURATION " where it is not given\n"
        "  --check         say whether the configuration is good, and end\n"
        "  --version       say which version it is, and end\n"
        "  --help          this\n"
        "\n"
        "The configuration has a line `name = value` for each of these, where it is not to be as it is here:\n"
        "\n",
        file);
    configuration_explain(file);
}

static cutover_log_level level_of(const char *name)
{
    return strcmp(name, "debug") == 0     ? CUTOVER_LOG_DEBUG
           : strcmp(name, "warning") == 0 ? CUTOVER_LOG_WARNING
           : strcmp(name, "error") == 0   ? CUTOVER_LOG_ERROR
                                          : CUTOVER_LOG_INFO;
}

/* ---- the life of the daemon ---- */

static bool begin(struct daemon *daemon)
{
    const struct configuration *configuration = &daemon->configuration;
    cutover_error *error = NULL;

    metrics_init(&daemon->metrics);
    jobs_init(&daemon->jobs, &daemon->metrics);
    streams_init(&daemon->streams, &daemon->house, &daemon->metrics);
    attempts_init(&daemon->site.attempts);
    daemon->site.configuration = configuration;
    daemon->site.house = &daemon->house;
    daemon->site.metrics = &daemon->metrics;
    if (house_open(configuration, jobs_take, &daemon->jobs, &daemon->house, &error) != CUTOVER_OK) {
        log_error("cutoverd cannot start", error);
        return false;
    }
    return pages_load(configuration->dashboard_dir, &daemon->site.pages) &&
           jobs_start(&daemon->jobs, daemon->house.engine, (size_t)configuration->workers) &&
           chores_start(&daemon->chores, &daemon->house, &daemon->metrics,
                        (unsigned)configuration->recover_interval) &&
           streams_start(&daemon->streams) && server_start(&daemon->site, &daemon->streams, &daemon->server);
}

static void wait_for_signal(void)
{
    sigset_t ends;
    int found = 0;

    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGHUP);
    while (sigwait(&ends, &found) != 0)
        ;
    log_text(CUTOVER_LOG_INFO, "cutoverd ends: %s", strsignal(found));
}

/* New jobs are refused from here on, and what runs is asked to stop; questions are answered until the last one has. */
static void end(struct daemon *daemon)
{
    daemon->site.ending = true;
    jobs_stop(&daemon->jobs);
    jobs_end(&daemon->jobs);
    server_quiesce(daemon->server);
    if (daemon->chores.house != NULL)
        chores_end(&daemon->chores);
    streams_end(&daemon->streams);
    server_end(daemon->server);
    pages_free(&daemon->site.pages);
    house_close(&daemon->house);
    metrics_free(&daemon->metrics);
}

/* Threads that are made after this leave signals to wait_for_signal(). */
static void block_signals(void)
{
    sigset_t ends;

    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &ends, NULL);
    signal(SIGPIPE, SIG_IGN);
}

static int serve(struct daemon *daemon)
{
    block_signals();
    log_threshold(level_of(daemon->configuration.log_level));
    bool good = begin(daemon);
    if (good) {
        struct json_object *members = json_object_new_object();
        json_object_object_add(members, "address", json_object_new_string(server_address(daemon->server)));
        json_object_object_add(members, "version", json_object_new_string(cutover_version()));
        log_entry(CUTOVER_LOG_INFO, "cutoverd listens", members);
        wait_for_signal();
    }
    end(daemon);
    return good ? EXIT_GOOD : EXIT_BAD;
}

/* ---- the command line ---- */

struct arguments {
    const char *configuration;
    bool check;
};

static int wrong(const char *word, const char *why)
{
    fprintf(stderr, "cutoverd: `%s` %s; `cutoverd --help` says how it is called\n", word, why);
    return EXIT_WRONG;
}

/* -1: go on. */
static int parse(int argc, char **argv, struct arguments *arguments)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0)
            return usage(stdout), EXIT_GOOD;
        if (strcmp(argv[i], "--version") == 0)
            return printf("cutoverd %s\n", cutover_version()), EXIT_GOOD;
        if (strcmp(argv[i], "--check") == 0)
            arguments->check = true;
        else if (strncmp(argv[i], "--config=", 9) == 0)
            arguments->configuration = argv[i] + 9;
        else if (strcmp(argv[i], "--config") == 0 && i + 1 < argc)
            arguments->configuration = argv[++i];
        else if (strcmp(argv[i], "--config") == 0)
            return wrong(argv[i], "needs a file after it");
        else
            return wrong(argv[i], "has no meaning here");
    }
    return -1;
}

int main(int argc, char **argv)
{
    struct arguments arguments = {DEFAULT_CONFIGURATION, false};
    struct daemon *daemon = calloc(1, sizeof *daemon);
    int status = parse(argc, argv, &arguments);

    if (daemon == NULL)
        return EXIT_BAD;
    if (status < 0) {
        bool good = configuration_read(arguments.configuration, &daemon->configuration, stderr) &&
                    configuration_try(&daemon->configuration, stderr);
        if (!good)
            status = EXIT_WRONG;
        else if (arguments.check)
            status = printf("%s: good\n", arguments.configuration) < 0 ? EXIT_BAD : EXIT_GOOD;
        else
            status = serve(daemon);
        configuration_free(&daemon->configuration);
    }
    free(daemon);
    return status;
}
