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
 * server_login_retry (15 s); that is set to a moment until nobody waits. What it was is kept in that.
 */
#include "base/answer.h"
#include "platform/pgbouncer_instance.h"
#include "platform/port.h"

#include "base/cancel.h"
#include "base/clock.h"

#include <cutover/pgbouncer.h>
#include <stdlib.h>

#define WRAP_MAGIC 0x70676277u
#define PAUSE_MS 5000
#define PAUSE_MS_MAX 3600000
#define AGAIN_MS 100

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
    struct pgbouncer *instances = calloc(front->count + 1, sizeof *instances);
    cutover_status status = CUTOVER_OK;
    size_t opened = 0;

    if (instances == NULL)
        return error_nomem(error);
    for (size_t i = 0; status == CUTOVER_OK && i < front->count; i++) {
        status = pgbouncer_open(front->consoles[i], front->production, deadline, platform_pause_cancel(),
                                &instances[i], error);
        if (status == CUTOVER_OK) {
            opened++;
            status = pgbouncer_ask_pause(&instances[i], error);
        }
    }
    for (size_t i = 0; status == CUTOVER_OK && i < front->count; i++)
        status = pgbouncer_wait_paused(&instances[i], wrap->timeout_ms, error);
    for (size_t i = 0; i < opened; i++)
        pgbouncer_close(&instances[i]);
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
            one = pgbouncer_let_go(front->consoles[i], &letting_go, monotonic_us() + PAUSE_MS * 1000, &local);
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

    return ANSWER_OF(inner->capabilities,
                     inner->preview_extend(preview_id, expires_at, error, inner->userdata));
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

/* Both are let go, whatever becomes of the other. Who is held for the fence waits on where no swap came of it: a client that logged
   in now would have seen the fence, and be let go as one who has not. */
static cutover_status traffic_resume(const char *project_id, cutover_error **error, void *userdata)
{
    const struct wrap *wrap = userdata;
    cutover_error *local = NULL;
    cutover_status status = let_go_project(wrap, project_id, false, platform_resumed_fenced(), error);
    cutover_status inner = CUTOVER_OK;

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
