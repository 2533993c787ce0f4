/*
 * PgBouncer's hooks: a platform that is another one, and holds clients of production's poolers.
 *
 * How an instance is paused. `PAUSE "db"` is sent for each of its databases that lead to production, on connections that only wait
 * for the answer; who is still inside is asked on another. The answer alone says nothing: it comes only when the transactions of
 * every paused database have ended, another project's too, and once somebody has said WAIT_CLOSE it comes at once. What counts is that
 * SHOW DATABASES has it paused and SHOW POOLS no server connection in use. All instances are asked to pause before the first is
 * waited for. The connections are closed then: a pause outlives them.
 *
 * In session pooling a client has its server connection until it leaves, so nothing is waited for there.
 *
 * How it is let go, in this order, while it is paused and so has no server connection that is just logging in (one that is broken
 * off makes PgBouncer turn clients away for server_login_retry):
 *
 *   RECONNECT   what the pool's first login was told (default_transaction_read_only among it) is told to no more clients; or
 *   KILL        where the instance keeps that parameter for each client and sets it on each server connection: a client of before
 *               would take its "off" through the fence, and one from behind it its "on" into the new production. There is no
 *               other way to make it forget than to end the client's connection
 *   RESUME      what is not paused is no failure
 *
 * A login that came during the pause and was its pool's first had its server connection broken off by the pause, and would wait
 * server_login_retry (15 s); that is set to a moment until nobody waits.
 */
#include "base/answer.h"
#include "platform/pgbouncer_console.h"
#include "platform/port.h"

#include "base/cancel.h"
#include "base/clock.h"
#include "base/text.h"
#include "postgres/quote.h"

#include <cutover/pgbouncer.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define WRAP_MAGIC 0x70676277u
#define PAUSE_MS 5000
#define PAUSE_MS_MAX 3600000
#define LOOK_MS 10
#define AGAIN_MS 100
/* How long waiting clients get to be served again before server_login_retry is as it was. */
#define SETTLE_MS 2000
#define QUICK_RETRY "0.1"
#define CARRIED "default_transaction_read_only"

struct wrap {
    unsigned magic;
    cutover_platform inner;
    struct conninfo *consoles;
    size_t count;
    int64_t timeout_ms;
    bool hold;
};

static const cutover_pgbouncer_options options_initial = CUTOVER_PGBOUNCER_OPTIONS_INIT;
static const struct port options_port = {&options_initial, sizeof(cutover_pgbouncer_options),
                                         CUTOVER_PGBOUNCER_OPTIONS_VERSION, NULL, NULL};

cutover_status cutover_pgbouncer_options_init(cutover_pgbouncer_options *options, unsigned version)
{
    return port_init(&options_port, options, version);
}

/* ---- an instance ---- */

struct instance {
    const struct conninfo *conninfo;
    struct console console;
    char **names;            /* its databases that lead to production */
    struct console *pausing; /* one for each, while it is asked to pause */
    size_t count;
};

static void instance_close(struct instance *instance)
{
    for (size_t i = 0; i < instance->count; i++) {
        if (instance->pausing != NULL)
            console_close(&instance->pausing[i]);
        free(instance->names[i]);
    }
    free(instance->names);
    free(instance->pausing);
    console_close(&instance->console);
    instance->names = NULL;
    instance->pausing = NULL;
    instance->count = 0;
}

static cutover_status add_name(struct instance *instance, const char *name, cutover_error **error)
{
    char **grown = realloc(instance->names, (instance->count + 1) * sizeof *grown);

    if (grown == NULL)
        return error_nomem(error);
    instance->names = grown;
    cutover_status status = string_copy(name, &grown[instance->count], error);
    if (status == CUTOVER_OK)
        instance->count++;
    return status;
}

/* Its databases are listed when they are configured or were used; of "*" another may come, under production's name. */
static cutover_status instance_open(const struct conninfo *conninfo, const char *production,
                                    int64_t deadline_us, const struct cancel *cancel, struct instance *instance,
                                    cutover_error **error)
{
    PGresult *databases = NULL;
    bool own_name = false;

    *instance = (struct instance){.conninfo = conninfo};
    cutover_status status = console_open(conninfo, deadline_us, cancel, &instance->console, error);
    if (status == CUTOVER_OK)
        status = console_ask(&instance->console, "SHOW DATABASES", &databases, error);
    for (int row = 0; status == CUTOVER_OK && row < PQntuples(databases); row++) {
        const char *name = console_value(databases, row, "name");
        if (strcmp(console_value(databases, row, "database"), production) != 0 ||
            strcmp(name, "pgbouncer") == 0)
            continue;
        own_name |= strcmp(name, production) == 0;
        status = add_name(instance, name, error);
    }
    if (status == CUTOVER_OK && !own_name)
        status = add_name(instance, production, error);
    PQclear(databases);
    if (status != CUTOVER_OK)
        instance_close(instance);
    return status;
}

static bool is_named(const struct instance *instance, const char *name)
{
    for (size_t i = 0; i < instance->count; i++)
        if (strcmp(instance->names[i], name) == 0)
            return true;
    return false;
}

/* ---- pausing ---- */

#define NO_SUCH "no such database"

static cutover_status instance_ask_pause(struct instance *instance, cutover_error **error)
{
    cutover_status status = CUTOVER_OK;

    instance->pausing = calloc(instance->count, sizeof *instance->pausing);
    if (instance->pausing == NULL)
        return error_nomem(error);
    for (size_t i = 0; status == CUTOVER_OK && i < instance->count; i++) {
        struct text command = TEXT_INIT;
        text_add(&command, "PAUSE ");
        quote_identifier(&command, instance->names[i]);
        status = console_open(instance->conninfo, instance->console.deadline_us, instance->console.cancel,
                              &instance->pausing[i], error);
        if (status == CUTOVER_OK && text_failed(&command))
            status = error_nomem(error);
        if (status == CUTOVER_OK)
            status = console_send(&instance->pausing[i], text_string(&command), error);
        text_free(&command);
    }
    return status;
}

/* A refused PAUSE ends it, but of a database that the instance does not know: nobody comes through that. */
static cutover_status refusals(struct instance *instance, cutover_error **error)
{
    for (size_t i = 0; i < instance->count; i++) {
        cutover_error *local = NULL;
        bool answered = false;
        if (instance->pausing[i].connection == NULL)
            continue;
        cutover_status status = console_answered(&instance->pausing[i], &answered, &local);
        if (status != CUTOVER_OK && strstr(cutover_error_message(local), NO_SUCH) == NULL) {
            error_move(error, local);
            return status;
        }
        cutover_error_free(local);
        if (status != CUTOVER_OK || answered)
            console_close(&instance->pausing[i]);
    }
    return CUTOVER_OK;
}

static bool all_paused(const struct instance *instance, const PGresult *databases)
{
    for (int row = 0; row < PQntuples(databases); row++) {
        if (is_named(instance, console_value(databases, row, "name")) &&
            strcmp(console_value(databases, row, "paused"), "0") == 0)
            return false;
    }
    return true;
}

/* Server connections in use of a pool that gives them back. */
static long in_use(const struct instance *instance, const PGresult *pools)
{
    long count = 0;

    for (int row = 0; row < PQntuples(pools); row++) {
        if (is_named(instance, console_value(pools, row, "database")) &&
            strcmp(console_value(pools, row, "pool_mode"), "session") != 0)
            count += strtol(console_value(pools, row, "sv_active"), NULL, 10) +
                     strtol(console_value(pools, row, "sv_tested"), NULL, 10);
    }
    return count;
}

static cutover_status instance_look(struct instance *instance, bool *paused, long *left, cutover_error **error)
{
    PGresult *databases = NULL, *pools = NULL;

    cutover_status status = refusals(instance, error);
    if (status == CUTOVER_OK)
        status = console_ask(&instance->console, "SHOW DATABASES", &databases, error);
    if (status == CUTOVER_OK)
        status = console_ask(&instance->console, "SHOW POOLS", &pools, error);
    if (status == CUTOVER_OK) {
        *paused = all_paused(instance, databases);
        *left = in_use(instance, pools);
    }
    PQclear(databases);
    PQclear(pools);
    return status;
}

static cutover_status busy(const struct instance *instance, long left, int64_t timeout_ms,
                           cutover_error **error)
{
    error_set(error, CUTOVER_E_CALLBACK,
              "%s: did not pause within %lld ms: %ld of its server connections are in use",
              instance->console.where, (long long)timeout_ms, left);
    error_hint(error,
               "Clients' transactions are open for longer: end them (SHOW CLIENTS, pg_stat_activity), or allow "
               "more time.");
    return CUTOVER_E_CALLBACK;
}

static cutover_status instance_wait(struct instance *instance, int64_t timeout_ms, cutover_error **error)
{
    int64_t deadline = monotonic_us() + timeout_ms * 1000;

    for (;;) {
        bool paused = false;
        long left = 0;
        cutover_status status = instance_look(instance, &paused, &left, error);
        if (status != CUTOVER_OK || (paused && left == 0))
            return status;
        if (monotonic_us() >= deadline)
            return busy(instance, left, timeout_ms, error);
        status = cancel_sleep(instance->console.cancel, LOOK_MS, error);
        if (status != CUTOVER_OK)
            return status;
    }
}

/* ---- letting go ---- */

struct letting_go {
    const char *production;
    bool fence; /* what a session is told of CARRIED has changed, and clients may have seen it */
};

/* What the console's SHOW CONFIG has for a key; *value is the caller's to free. */
static cutover_status config_value(const PGresult *config, const char *key, char **value, cutover_error **error)
{
    for (int row = 0; row < PQntuples(config); row++)
        if (strcmp(console_value(config, row, "key"), key) == 0)
            return string_copy(console_value(config, row, "value"), value, error);
    return string_copy("", value, error);
}

/* Whether the instance sets the parameter for its clients. Before 1.26 where it was told to, since then always. */
static cutover_status carries(struct console *console, const PGresult *config, bool *does,
                              cutover_error **error)
{
    static const char mark[] = "PgBouncer ";
    char *tracked = NULL;
    PGresult *version = NULL;

    cutover_status status = config_value(config, "track_extra_parameters", &tracked, error);
    if (status == CUTOVER_OK)
        status = console_ask(console, "SHOW VERSION", &version, error);
    if (status == CUTOVER_OK) {
        const char *text = PQntuples(version) == 1 ? PQgetvalue(version, 0, 0) : "";
        long major = 0, minor = 0;
        text = strstr(text, mark);
        if (text != NULL) {
            char *end;
            major = strtol(text + sizeof mark - 1, &end, 10);
            minor = *end == '.' ? strtol(end + 1, NULL, 10) : 0;
        }
        *does = text == NULL || major > 1 || minor >= 26 || strcasestr(tracked, CARRIED) != NULL;
    }
    PQclear(version);
    free(tracked);
    return status;
}

/* Whether the clients of every pool that waited are served again. */
static cutover_status settled(struct instance *instance, bool *are, cutover_error **error)
{
    PGresult *pools = NULL;
    cutover_status status = console_ask(&instance->console, "SHOW POOLS", &pools, error);

    *are = true;
    for (int row = 0; status == CUTOVER_OK && row < PQntuples(pools); row++) {
        if (is_named(instance, console_value(pools, row, "database")) &&
            strcmp(console_value(pools, row, "cl_waiting"), "0") != 0 &&
            strcmp(console_value(pools, row, "sv_active"), "0") == 0)
            *are = false;
    }
    PQclear(pools);
    return status;
}

static cutover_status set_retry(struct console *console, const char *seconds, cutover_error **error)
{
    struct text command = TEXT_INIT;

    text_add(&command, "SET server_login_retry = ");
    quote_literal(&command, seconds);
    cutover_status status =
        text_failed(&command) ? error_nomem(error) : console_ask(console, text_string(&command), NULL, error);
    text_free(&command);
    return status;
}

static cutover_status resume_all(struct instance *instance, cutover_error **error)
{
    cutover_status status = CUTOVER_OK;

    for (size_t i = 0; status == CUTOVER_OK && i < instance->count; i++) {
        cutover_error *local = NULL;
        status = console_command(&instance->console, "RESUME", instance->names[i], "is not paused", &local);
        if (status != CUTOVER_OK && strstr(cutover_error_message(local), NO_SUCH) != NULL) {
            cutover_error_free(local);
            local = NULL;
            status = CUTOVER_OK;
        }
        error_move(error, local);
    }
    return status;
}

/* RESUME, and for a moment no waiting after a failed login. What fails of the latter costs time, nothing else. */
static cutover_status resume_quickly(struct instance *instance, const char *retry, cutover_error **error)
{
    int64_t until = monotonic_us() + SETTLE_MS * 1000;
    /* Where it is that already another job has set it, and sets it back. */
    bool wanted = retry[0] != '\0' && strcmp(retry, QUICK_RETRY) != 0;
    bool set = wanted && set_retry(&instance->console, QUICK_RETRY, NULL) == CUTOVER_OK, are = !set;

    cutover_status status = resume_all(instance, error);
    while (status == CUTOVER_OK && !are && monotonic_us() < until) {
        if (settled(instance, &are, NULL) != CUTOVER_OK)
            break;
        if (!are)
            cancel_sleep(NULL, LOOK_MS, NULL);
    }
    if (set)
        set_retry(&instance->console, retry, NULL);
    return status;
}

static bool is_paused(const PGresult *databases, const char *name)
{
    for (int row = 0; row < PQntuples(databases); row++)
        if (strcmp(console_value(databases, row, "name"), name) == 0)
            return strcmp(console_value(databases, row, "paused"), "0") != 0;
    return false;
}

/* Outside of a pause RECONNECT would break off a login. */
static cutover_status forget(struct instance *instance, bool kill, cutover_error **error)
{
    PGresult *databases = NULL;
    cutover_status status = console_ask(&instance->console, "SHOW DATABASES", &databases, error);

    for (size_t i = 0; status == CUTOVER_OK && i < instance->count; i++) {
        const char *name = instance->names[i];
        if (kill || is_paused(databases, name))
            status = console_command(&instance->console, kill ? "KILL" : "RECONNECT", name, NO_SUCH, error);
    }
    PQclear(databases);
    return status;
}

static cutover_status instance_let_go(const struct conninfo *conninfo, const struct letting_go *letting_go,
                                      int64_t deadline_us, cutover_error **error)
{
    struct instance instance = {0};
    PGresult *config = NULL;
    char *retry = NULL;
    bool carried = false;

    cutover_status status =
        instance_open(conninfo, letting_go->production, deadline_us, NULL, &instance, error);
    if (status == CUTOVER_OK)
        status = console_ask(&instance.console, "SHOW CONFIG", &config, error);
    if (status == CUTOVER_OK)
        status = config_value(config, "server_login_retry", &retry, error);
    if (status == CUTOVER_OK && letting_go->fence)
        status = carries(&instance.console, config, &carried, error);
    if (status == CUTOVER_OK) {
        /* Whatever became of forgetting, it is let go. */
        status = forget(&instance, carried, error);
        cutover_status resumed = resume_quickly(&instance, retry, status == CUTOVER_OK ? error : NULL);
        if (status == CUTOVER_OK)
            status = resumed;
    }
    PQclear(config);
    free(retry);
    instance_close(&instance);
    return status;
}

/* ---- all instances of a project ---- */

struct front {
    struct project project;
    const struct conninfo **consoles; /* the wrap's, and the project's own */
    size_t count;
    const char *production;
    bool hold;
};

static void front_free(struct front *front)
{
    free(front->consoles);
    project_free(&front->project);
}

static cutover_status front_of(const struct wrap *wrap, const char *project_id, struct front *front,
                               cutover_error **error)
{
    *front = (struct front){.count = 0};
    cutover_status status = platform_project(&wrap->inner, project_id, &front->project, error);
    if (status != CUTOVER_OK)
        return status;
    front->production = conninfo_get(&front->project.production, "dbname");
    front->hold = wrap->hold || front->project.hold_fence;
    if (!front->project.found || front->production == NULL)
        return CUTOVER_OK;
    front->consoles = calloc(wrap->count + front->project.pgbouncer_count + 1, sizeof *front->consoles);
    if (front->consoles == NULL) {
        front_free(front);
        return error_nomem(error);
    }
    for (size_t i = 0; i < wrap->count; i++)
        front->consoles[front->count++] = &wrap->consoles[i];
    for (size_t i = 0; i < front->project.pgbouncer_count; i++)
        front->consoles[front->count++] = &front->project.pgbouncers[i];
    return CUTOVER_OK;
}

/* All are asked before one is waited for. */
static cutover_status pause_front(const struct wrap *wrap, const struct front *front, cutover_error **error)
{
    /* Beyond the clients' time: for the console itself. */
    int64_t deadline = monotonic_us() + (wrap->timeout_ms + PAUSE_MS) * 1000;
    struct instance *instances = calloc(front->count + 1, sizeof *instances);
    cutover_status status = CUTOVER_OK;
    size_t opened = 0;

    if (instances == NULL)
        return error_nomem(error);
    for (size_t i = 0; status == CUTOVER_OK && i < front->count; i++) {
        status = instance_open(front->consoles[i], front->production, deadline, platform_pause_cancel(),
                               &instances[i], error);
        if (status == CUTOVER_OK) {
            opened++;
            status = instance_ask_pause(&instances[i], error);
        }
    }
    for (size_t i = 0; status == CUTOVER_OK && i < front->count; i++)
        status = instance_wait(&instances[i], wrap->timeout_ms, error);
    for (size_t i = 0; i < opened; i++)
        instance_close(&instances[i]);
    free(instances);
    return status;
}

/* One that cannot be reached is tried again; the others are let go all the same. */
static cutover_status let_go_front(const struct wrap *wrap, const struct front *front, bool fence,
                                   cutover_error **error)
{
    const struct letting_go letting_go = {.production = front->production, .fence = fence && !front->hold};
    cutover_status status = CUTOVER_OK;

    for (size_t i = 0; i < front->count; i++) {
        int64_t until = monotonic_us() + wrap->timeout_ms * 1000;
        cutover_error *local = NULL;
        cutover_status one;
        for (;;) {
            one = instance_let_go(front->consoles[i], &letting_go, monotonic_us() + PAUSE_MS * 1000, &local);
            if (one == CUTOVER_OK || one == CUTOVER_E_NOMEM || monotonic_us() >= until)
                break;
            cutover_error_free(local);
            local = NULL;
            cancel_sleep(NULL, AGAIN_MS, NULL);
        }
        if (one == CUTOVER_OK)
            continue;
        error_hint(&local, "On its admin console: RESUME \"%s\"", front->production);
        if (status == CUTOVER_OK) {
            status = one;
            error_move(error, local);
        } else {
            cutover_error_free(local);
        }
    }
    return status;
}

/* ---- the vtable ---- */

static cutover_status project_get(const char *project_id, cutover_project_emit emit, void *context,
                                  cutover_error **error, void *userdata)
{
    const cutover_platform *inner = &((const struct wrap *)userdata)->inner;

    return ANSWER_OF(inner->capabilities,
                     inner->project_get(project_id, emit, context, error, inner->userdata));
}

static cutover_status project_set_state(const char *project_id, const char *expected, const char *next,
                                        const char *job_id, cutover_error **error, void *userdata)
{
    const cutover_platform *inner = &((const struct wrap *)userdata)->inner;

    return ANSWER_OF(inner->capabilities,
                     inner->project_set_state(project_id, expected, next, job_id, error, inner->userdata));
}

static cutover_status preview_get(const char *preview_id, cutover_preview_emit emit, void *context,
                                  cutover_error **error, void *userdata)
{
    const cutover_platform *inner = &((const struct wrap *)userdata)->inner;

    return ANSWER_OF(inner->capabilities,
                     inner->preview_get(preview_id, emit, context, error, inner->userdata));
}

static cutover_status integrations_sync(const char *project_id, cutover_error **error, void *userdata)
{
    const cutover_platform *inner = &((const struct wrap *)userdata)->inner;

    return ANSWER_OF(inner->capabilities, inner->integrations_sync(project_id, error, inner->userdata));
}

static cutover_status preview_create(const char *project_id, const char *preview_id, cutover_preview_emit emit,
                                     void *context, cutover_error **error, void *userdata)
{
    const cutover_platform *inner = &((const struct wrap *)userdata)->inner;

    return ANSWER_OF(inner->capabilities,
                     inner->preview_create(project_id, preview_id, emit, context, error, inner->userdata));
}

static cutover_status preview_extend(const char *preview_id, int64_t expires_at, cutover_error **error,
                                     void *userdata)
{
    const cutover_platform *inner = &((const struct wrap *)userdata)->inner;

    return inner->preview_extend(preview_id, expires_at, error, inner->userdata);
}

static cutover_status pause_project(const struct wrap *wrap, const char *project_id, cutover_error **error)
{
    struct front front;
    cutover_status status = front_of(wrap, project_id, &front, error);

    if (status != CUTOVER_OK)
        return status;
    if (front.count > 0)
        status = pause_front(wrap, &front, error);
    front_free(&front);
    return status;
}

/* Who is held for the fence waits until it is down. */
static cutover_status let_go_project(const struct wrap *wrap, const char *project_id, bool fence, bool refuses,
                                     cutover_error **error)
{
    struct front front;
    cutover_status status = front_of(wrap, project_id, &front, error);

    if (status != CUTOVER_OK)
        return status;
    if (front.count > 0 && !(front.hold && refuses))
        status = let_go_front(wrap, &front, fence, error);
    front_free(&front);
    return status;
}

static cutover_status traffic_pause(const char *project_id, cutover_error **error, void *userdata)
{
    const struct wrap *wrap = userdata;
    cutover_status status = CUTOVER_OK;

    if (wrap->inner.traffic_pause != NULL)
        status = ANSWER_OF(wrap->inner.capabilities,
                           wrap->inner.traffic_pause(project_id, error, wrap->inner.userdata));
    return status != CUTOVER_OK ? status : pause_project(wrap, project_id, error);
}

/* Both are let go, whatever becomes of the other. */
static cutover_status traffic_resume(const char *project_id, cutover_error **error, void *userdata)
{
    const struct wrap *wrap = userdata;
    cutover_error *local = NULL;
    cutover_status status = let_go_project(wrap, project_id, false, false, error), inner = CUTOVER_OK;

    if (wrap->inner.traffic_resume != NULL)
        inner = ANSWER_OF(wrap->inner.capabilities,
                          wrap->inner.traffic_resume(project_id, &local, wrap->inner.userdata));
    if (status == CUTOVER_OK)
        error_move(error, local);
    else
        cutover_error_free(local);
    return status != CUTOVER_OK ? status : inner;
}

static cutover_status fence_pause(const char *project_id, cutover_error **error, void *userdata)
{
    const struct wrap *wrap = userdata;
    cutover_status status = CUTOVER_OK;

    if (wrap->inner.fence_pause != NULL)
        status = ANSWER_OF(wrap->inner.capabilities,
                           wrap->inner.fence_pause(project_id, error, wrap->inner.userdata));
    return status != CUTOVER_OK ? status : pause_project(wrap, project_id, error);
}

static cutover_status fence_resume(const char *project_id, int32_t refuses_writes, cutover_error **error,
                                   void *userdata)
{
    const struct wrap *wrap = userdata;
    cutover_error *local = NULL;
    cutover_status status = let_go_project(wrap, project_id, refuses_writes >= 0, refuses_writes == 1, error);
    cutover_status inner = CUTOVER_OK;

    if (wrap->inner.fence_resume != NULL)
        inner = ANSWER_OF(wrap->inner.capabilities,
                          wrap->inner.fence_resume(project_id, refuses_writes, &local, wrap->inner.userdata));
    if (status == CUTOVER_OK)
        error_move(error, local);
    else
        cutover_error_free(local);
    return status != CUTOVER_OK ? status : inner;
}

static void wrap_free(struct wrap *wrap)
{
    if (wrap == NULL)
        return;
    for (size_t i = 0; i < wrap->count; i++)
        conninfo_free(&wrap->consoles[i]);
    free(wrap->consoles);
    free(wrap);
}

static cutover_status take_consoles(struct wrap *wrap, const char *const *consoles, cutover_error **error)
{
    size_t count = 0;
    cutover_status status = CUTOVER_OK;

    while (consoles != NULL && consoles[count] != NULL)
        count++;
    wrap->consoles = calloc(count + 1, sizeof *wrap->consoles);
    if (wrap->consoles == NULL)
        return error_nomem(error);
    for (size_t i = 0; status == CUTOVER_OK && i < count; i++) {
        status = conninfo_check("options.consoles", consoles[i], CONNINFO_SERVER, error);
        if (status == CUTOVER_OK)
            status = conninfo_parse("options.consoles", consoles[i], &wrap->consoles[i], error);
        if (status == CUTOVER_OK)
            wrap->count++;
    }
    return status;
}

static cutover_status take_options(struct wrap *wrap, const cutover_pgbouncer_options *given,
                                   cutover_error **error)
{
    cutover_pgbouncer_options options = CUTOVER_PGBOUNCER_OPTIONS_INIT;
    cutover_status status =
        given == NULL ? CUTOVER_OK : port_copy(&options_port, "options", given, &options, error);

    if (status == CUTOVER_OK && options.pause_timeout_ms > PAUSE_MS_MAX)
        status = error_set(error, CUTOVER_E_INVALID, "options.pause_timeout_ms must be at most %d, it is %u",
                           PAUSE_MS_MAX, options.pause_timeout_ms);
    wrap->timeout_ms = options.pause_timeout_ms != 0 ? options.pause_timeout_ms : PAUSE_MS;
    wrap->hold = options.hold_fence != 0;
    return status == CUTOVER_OK ? take_consoles(wrap, options.consoles, error) : status;
}

cutover_status cutover_platform_pgbouncer_wrap(const cutover_platform *inner,
                                               const cutover_pgbouncer_options *options,
                                               cutover_platform *platform, cutover_error **error)
{
    error_begin(error);
    cutover_status status = port_check(&platform_port, "platform", platform, error);

    if (status != CUTOVER_OK)
        return status;
    if (platform->version < 2)
        return error_set(error, CUTOVER_E_UNSUPPORTED,
                         "platform.version: %u has no fence_pause and fence_resume", platform->version);
    struct wrap *wrap = calloc(1, sizeof *wrap);
    if (wrap == NULL)
        return error_nomem(error);
    wrap->magic = WRAP_MAGIC;
    status = platform_copy("inner", inner, &wrap->inner, error);
    if (status == CUTOVER_OK)
        status = take_options(wrap, options, error);
    if (status != CUTOVER_OK) {
        wrap_free(wrap);
        return status;
    }
    const cutover_platform whole = {
        .capabilities = wrap->inner.capabilities & ~(uint32_t)CUTOVER_STRICT_ANSWERS, /* ours do */
        .userdata = wrap,
        .project_get = project_get,
        .project_set_state = project_set_state,
        .preview_get = preview_get,
        .traffic_pause = traffic_pause,
        .traffic_resume = traffic_resume,
        .integrations_sync = wrap->inner.integrations_sync != NULL ? integrations_sync : NULL,
        .preview_create = wrap->inner.preview_create != NULL ? preview_create : NULL,
        .fence_pause = fence_pause,
        .fence_resume = fence_resume,
        .preview_extend = wrap->inner.preview_extend != NULL ? preview_extend : NULL,
    };
    port_fill(&platform_port, &whole, platform);
    return CUTOVER_OK;
}

void cutover_platform_pgbouncer_unwrap(cutover_platform *platform)
{
    if (platform == NULL || platform->project_get != project_get)
        return;
    struct wrap *wrap = platform->userdata;
    if (wrap->magic != WRAP_MAGIC)
        return;
    wrap->magic = 0;
    wrap_free(wrap);
    port_reset(&platform_port, platform);
}
