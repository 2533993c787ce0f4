#include "faults/race.h"

#include "support/agree.h"
#include "support/killed.h"

#include "base/clock.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CHILD_MARK "--racer"
#define GATE_FD 3
#define NOT_STARTED 99
#define THEN " then "
#define CHILD_LIMIT_S 300 /* none needs a tenth of it */

/* ---- stopping ---- */

static struct {
    pthread_mutex_t mutex;
    char kind[16], text[128];
    unsigned left;    /* 0: no stop, or it is over */
    const char *next; /* the stop after this one; or NULL */
} stop = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static void stop_set(const char *spec)
{
    const char *space = strchr(spec, ' ');
    const char *times = strchr(spec, '*'), *then = strstr(spec, THEN);

    if (spec[0] == '\0')
        return;
    assert_non_null(space);
    if (times == NULL || times > space)
        times = NULL;
    size_t length = (size_t)((times != NULL ? times : space) - spec);
    assert_true(length < sizeof stop.kind);
    memcpy(stop.kind, spec, length);
    stop.kind[length] = '\0';
    size_t rest = then != NULL ? (size_t)(then - space - 1) : strlen(space + 1);
    snprintf(stop.text, sizeof stop.text, "%.*s", (int)rest, space + 1);
    stop.next = then != NULL ? then + strlen(THEN) : NULL;
    stop.left = times != NULL ? (unsigned)strtoul(times + 1, NULL, 10) : 1;
}

/* "FIRST|SECOND": only once FIRST has been seen. */
static bool is_here(const char *kind, const char *what)
{
    const char *second = strchr(stop.text, '|');

    if (stop.left == 0 || (strcmp(stop.kind, "any") != 0 && strcmp(stop.kind, kind) != 0))
        return false;
    if (second != NULL) {
        char first[sizeof stop.text];
        snprintf(first, sizeof first, "%.*s", (int)(second - stop.text), stop.text);
        if (strstr(what, first) != NULL)
            memmove(stop.text, second + 1, strlen(second));
        return false;
    }
    return strstr(what, stop.text) != NULL && --stop.left == 0;
}

static void reach(const char *kind, const char *what)
{
    pthread_mutex_lock(&stop.mutex);
    bool here = is_here(kind, what);
    if (here && stop.next != NULL)
        stop_set(stop.next);
    pthread_mutex_unlock(&stop.mutex);
    if (here) {
        coverage_keep(); /* nobody may let it go on */
        kill(getpid(), SIGSTOP);
    }
}

static void reach_after(PGconn *connection, const char *sql)
{
    if (strcmp(stop.kind, "after") == 0)
        PQflush(connection);
    reach("after", sql);
}

int PQsendQuery(PGconn *connection, const char *sql)
{
    int (*real)(PGconn *, const char *);

    *(void **)&real = dlsym(RTLD_NEXT, "PQsendQuery");
    reach("before", sql);
    int sent = real(connection, sql);
    reach_after(connection, sql);
    return sent;
}

int PQsendQueryParams(PGconn *connection, const char *sql, int count, const Oid *types,
                      const char *const *values, const int *lengths, const int *formats, int result_format)
{
    int (*real)(PGconn *, const char *, int, const Oid *, const char *const *, const int *, const int *, int);

    *(void **)&real = dlsym(RTLD_NEXT, "PQsendQueryParams");
    reach("before", sql);
    int sent = real(connection, sql, count, types, values, lengths, formats, result_format);
    reach_after(connection, sql);
    return sent;
}

static cutover_platform known;

static cutover_status stopping_set_state(const char *id, const char *expected, const char *next,
                                         const char *job_id, cutover_error **error, void *userdata)
{
    reach("moving", next);
    cutover_status status = known.project_set_state(id, expected, next, job_id, error, userdata);
    if (status == CUTOVER_OK)
        reach("moved", next);
    return status;
}

static cutover_status stopping_preview_get(const char *id, cutover_preview_emit emit, void *context,
                                           cutover_error **error, void *userdata)
{
    reach("preview", "");
    return known.preview_get(id, emit, context, error, userdata);
}

/* ---- the child ---- */

enum {
    ARG_MARK = 1,
    ARG_HOME,
    ARG_VERB,
    ARG_REQUEST,
    ARG_VERIFY,
    ARG_HOLD,
    ARG_FENCE,
    ARG_DELAY,
    ARG_STOP,
    ARG_COUNT
};

static cutover_status act(struct shop *shop, const char *verb, const char *request_id)
{
    cutover_error *error = NULL;
    cutover_status status = CUTOVER_E_INTERNAL;

    if (strcmp(verb, "ack") == 0)
        status = agree(shop->engine, &shop_operator, request_id, NULL, 0, NULL, &error);
    else if (strcmp(verb, "reject") == 0)
        status = cutover_request_reject(shop->engine, &shop_operator, request_id, "no", NULL, &error);
    else if (strcmp(verb, "cancel") == 0)
        status = cutover_request_cancel(shop->engine, &shop_member, request_id, NULL, &error);
    assert_int_equal(cutover_error_code(error), status);
    cutover_error_free(error);
    return status;
}

static bool is_open(struct shop *shop, const char *request_id)
{
    char *status = shop_request_status(shop, request_id);
    bool open = strcmp(status, "open") == 0;

    free(status);
    return open;
}

/* Of a request that is still open it waits for the ack. */
static cutover_status promote(struct shop *shop, const struct shop_promotion *promotion)
{
    for (;;) {
        struct outcome outcome = shop_promote(shop, promotion);
        cutover_status status = outcome.status;
        outcome_free(&outcome);
        if (status != CUTOVER_E_STATE || !is_open(shop, promotion->request_id))
            return status;
        usleep(2000);
    }
}

static int run_child(char **argv)
{
    struct shop shop;
    struct shop_promotion promotion = {
        .request_id = argv[ARG_REQUEST],
        .verify = (cutover_verify_method)atoi(argv[ARG_VERIFY]),
        .hold = argv[ARG_HOLD][0] == '1',
        .fence = argv[ARG_FENCE][0] == '1' ? CUTOVER_FENCE_EARLY : CUTOVER_FENCE_LATE,
    };
    char byte;

    shop_open(&shop, NULL, argv[ARG_HOME]);
    known = shop.known;
    shop.known.project_set_state = stopping_set_state;
    shop.known.preview_get = stopping_preview_get;
    stop_set(argv[ARG_STOP]);
    while (read(GATE_FD, &byte, 1) < 0 && errno == EINTR)
        ;
    close(GATE_FD);
    usleep((useconds_t)atoi(argv[ARG_DELAY]));
    cutover_status status = strcmp(argv[ARG_VERB], "promote") == 0
                                ? promote(&shop, &promotion)
                                : act(&shop, argv[ARG_VERB], argv[ARG_REQUEST]);
    cutover_engine_free(shop.engine);
    cutover_registry_free(shop.registry);
    cutover_repository_close(&shop.repository);
    cutover_store_close(&shop.store);
    pthread_mutex_destroy(&shop.log_mutex);
    free(shop.log);
    return -(int)status;
}

bool race_is_child(int argc, char **argv, int *code)
{
    if (argc != ARG_COUNT || strcmp(argv[ARG_MARK], CHILD_MARK) != 0)
        return false;
    *code = run_child(argv);
    return true;
}

/* ---- the parent ---- */

void race_open(struct race *race, struct shop *shop)
{
    race->shop = shop;
    assert_int_equal(pipe2(race->gate, O_CLOEXEC), 0);
}

pid_t race_enter(struct race *race, const struct racer *racer)
{
    char verify[16], delay[16];
    char *argv[] = {"racer",
                    CHILD_MARK,
                    race->shop->home,
                    (char *)racer->verb,
                    (char *)racer->request_id,
                    verify,
                    racer->hold ? "1" : "0",
                    racer->fence == CUTOVER_FENCE_EARLY ? "1" : "0",
                    delay,
                    racer->stop != NULL ? (char *)racer->stop : "",
                    NULL};

    snprintf(verify, sizeof verify, "%d", racer->verify != 0 ? (int)racer->verify : CUTOVER_VERIFY_READBACK);
    snprintf(delay, sizeof delay, "%u", racer->delay_us);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (race->gate[0] == GATE_FD ? fcntl(GATE_FD, F_SETFD, 0) == 0 : dup2(race->gate[0], GATE_FD) >= 0)
            execv("/proc/self/exe", argv);
        _exit(NOT_STARTED);
    }
    return child;
}

void race_go(struct race *race)
{
    close(race->gate[0]);
    close(race->gate[1]);
}

pid_t race_alone(struct shop *shop, const struct racer *racer)
{
    struct race race;

    race_open(&race, shop);
    pid_t child = race_enter(&race, racer);
    race_go(&race);
    return child;
}

/* A child that hangs fails its test, and not the patience of whoever waits for all of them. */
static int wait_for(pid_t child, int options)
{
    const struct timespec pause = {0, 5 * 1000 * 1000};
    int64_t deadline = monotonic_us() + CHILD_LIMIT_S * SHOP_SECOND;
    int status = 0;
    pid_t found;

    do {
        found = waitpid(child, &status, options | WNOHANG);
        if (found == 0)
            nanosleep(&pause, NULL);
    } while ((found == 0 && monotonic_us() < deadline) || (found < 0 && errno == EINTR));
    if (found == 0) {
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        fail_msg("a child did nothing that was waited for in %d seconds", CHILD_LIMIT_S);
    }
    assert_int_equal(found, child);
    return status;
}

static cutover_status result_of(int status)
{
    if (!WIFEXITED(status))
        fail_msg("a child did not end by itself: wait status %#x", (unsigned)status);
    if (WEXITSTATUS(status) > -(int)CUTOVER_E_INTERNAL)
        fail_msg("a child ended with %d", WEXITSTATUS(status));
    return (cutover_status)-WEXITSTATUS(status);
}

cutover_status race_result(pid_t child)
{
    return result_of(wait_for(child, 0));
}

void race_kill(pid_t child)
{
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_true(WIFSIGNALED(wait_for(child, 0)));
}

bool race_stopped(pid_t child, cutover_status *result)
{
    int status = wait_for(child, WUNTRACED);

    if (WIFSTOPPED(status))
        return true;
    *result = result_of(status);
    return false;
}
