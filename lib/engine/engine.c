#include "engine/engine.h"

#include "base/text.h"
#include "engine/options.h"
#include "job/failover.h"
#include "job/lease_watch.h"
#include "job/verdict_lost.h"
#include "model/actor.h"
#include "notify/port.h"
#include "platform/port.h"
#include "repository/port.h"
#include "store/document.h"
#include "store/port.h"

#include <cutover/key.h>
#include <stdlib.h>
#include <string.h>

#define CONNECT_TIMEOUT_S 10
#define DOOR_TIMEOUT_MS 5000
#define MAINTENANCE_MEM_MB 256
#define PREVIEW_NOTICE_S 3600
#define ID_MAX 200
#define LIMIT_MAX 1000
#define REASON_MAX 1000

cutover_status engine_check(const cutover_engine *engine, cutover_error **error)
{
    error_begin(error);
    if (engine != NULL && engine->magic == ENGINE_MAGIC)
        return CUTOVER_OK;
    return error_set(error, CUTOVER_E_INVALID, "engine: NULL, or freed already");
}

cutover_status engine_id_check(const char *name, const char *value, cutover_error **error)
{
    if (value == NULL || value[0] == '\0')
        return error_set(error, CUTOVER_E_INVALID, "%s: required", name);
    return text_check(name, value, 1, ID_MAX, error);
}

cutover_status engine_actor(const char *name, const cutover_actor *given, cutover_actor *actor,
                            cutover_error **error)
{
    cutover_status status = port_copy(&actor_port, name, given, actor, error);

    return status != CUTOVER_OK ? status : machine_actor_check(actor, error);
}

cutover_status engine_operator(const char *name, const cutover_actor *given, const char *hint,
                               cutover_actor *actor, cutover_error **error)
{
    cutover_status status = engine_actor(name, given, actor, error);

    if (status == CUTOVER_OK && (actor->roles & CUTOVER_ROLE_OPERATOR) == 0) {
        status = error_set(error, CUTOVER_E_FORBIDDEN, "%s is not an operator", actor->id);
        error_hint(error, "%s", hint);
    }
    return status;
}

cutover_status engine_reason_check(const char *name, const char *reason, cutover_error **error)
{
    cutover_status status = text_check(name, reason, 1, REASON_MAX, error);

    if (status == CUTOVER_OK && text_is_blank(reason))
        status = error_set(error, CUTOVER_E_INVALID, "%s: nothing but white space", name);
    return status;
}

cutover_status engine_project_check(cutover_engine *engine, const char *project_id, cutover_error **error)
{
    struct document ledger = {0};
    struct project project = {0};
    bool found = false;

    if (project_id == NULL || strcmp(project_id, CUTOVER_KEY_EVERY_PROJECT) == 0)
        return CUTOVER_OK;
    /* Whoever took a project out of the platform may still read what became of it. */
    cutover_status status = document_find(&engine->host.store, "ledger", project_id, &ledger, &found, error);
    document_free(&ledger);
    if (status != CUTOVER_OK || found)
        return status;
    status = platform_project(&engine->host.platform, project_id, &project, error);
    if (status == CUTOVER_OK && !project.found)
        status = error_set(error, CUTOVER_E_NOT_FOUND, "no project %s", project_id);
    project_free(&project);
    return status;
}

cutover_status engine_limit_check(uint32_t limit, cutover_error **error)
{
    if (limit >= 1 && limit <= LIMIT_MAX)
        return CUTOVER_OK;
    return error_set(error, CUTOVER_E_INVALID, "limit: %u, must be 1 to %d", limit, LIMIT_MAX);
}

static cutover_status store_take(const cutover_engine_options *options, cutover_store *store,
                                 cutover_error **error)
{
    cutover_status status = store_copy("options.store", options->store, store, error);

    if (status == CUTOVER_OK && (store->capabilities & CUTOVER_STORE_DURABLE) == 0 &&
        (options->policy & CUTOVER_POLICY_VOLATILE_STORE) == 0) {
        status = error_set(error, CUTOVER_E_UNSUPPORTED,
                           "options.store: it is not durable, so a crash would lose the journal");
        error_hint(error, "Use a durable store, or set CUTOVER_POLICY_VOLATILE_STORE for a trial.");
    }
    return status;
}

/* The ports as the host gave them, whole. */
static cutover_status ports_take(const cutover_engine_options *options, struct host *host,
                                 cutover_error **error)
{
    cutover_status status = store_take(options, &host->store, error);

    if (status == CUTOVER_OK)
        status = repository_copy("options.repository", options->repository, &host->repository, error);
    if (status == CUTOVER_OK)
        status = platform_copy("options.platform", options->platform, &host->platform, error);
    return status;
}

static cutover_status policy_check(uint32_t policy, cutover_error **error)
{
    const uint32_t unknown = policy & ~(uint32_t)(CUTOVER_POLICY_ACK_BY_REQUESTER |
                                                  CUTOVER_POLICY_VOLATILE_STORE | CUTOVER_POLICY_TRUST_OWNERS |
                                                  CUTOVER_POLICY_EXTEND_PREVIEW | CUTOVER_STRICT_ANSWERS);

    if (unknown == 0)
        return CUTOVER_OK;
    return error_set(error, CUTOVER_E_INVALID, "options.policy: unknown bits 0x%x", unknown);
}

static void log_forward(int level, const char *line, void *userdata)
{
    const cutover_engine *engine = userdata;

    engine->log((cutover_log_level)level, line, engine->log_userdata);
}

static void limits_set(struct host *host, const cutover_engine_options *options)
{
    host->connect_timeout_s = options->connect_timeout_s ? options->connect_timeout_s : CONNECT_TIMEOUT_S;
    host->door_timeout_ms = options->door_timeout_ms ? options->door_timeout_ms : DOOR_TIMEOUT_MS;
    host->failover_wait_ms = FAILOVER_WAIT_MS;
    host->verdict_wait_ms = VERDICT_WAIT_MS;
    host->maintenance_mem_mb = options->maintenance_mem_mb ? options->maintenance_mem_mb : MAINTENANCE_MEM_MB;
    host->preview_notice_us =
        (options->preview_notice_s ? options->preview_notice_s : PREVIEW_NOTICE_S) * INT64_C(1000000);
}

static cutover_status engine_fill(cutover_engine *made, const cutover_engine_options *options,
                                  cutover_error **error)
{
    struct host *host = &made->host;
    cutover_status status = ports_take(options, host, error);

    host->clock = (struct clock){.now = options->clock, .userdata = options->clock_userdata};
    host->leases = lease_watch_new();
    host->verdicts_lost = verdicts_lost_new();
    if (status == CUTOVER_OK && (host->leases == NULL || host->verdicts_lost == NULL))
        status = error_nomem(error);
    host->policy = options->policy;
    if (options->log != NULL) {
        made->log = options->log;
        made->log_userdata = options->log_userdata;
        host->log.write = log_forward;
        host->log.userdata = made;
    }
    limits_set(host, options);
    if (status == CUTOVER_OK)
        status = outlets_take("options.notifiers", options->notifiers, options->notifier_count, &made->outlets,
                              error);
    if (status == CUTOVER_OK)
        status = string_copy(options->pg_bin_dir, &host->pg_bin_dir, error);
    if (status == CUTOVER_OK)
        status = string_copy(options->work_dir, &host->work_dir, error);
    return status;
}

cutover_status cutover_engine_new(const cutover_engine_options *given, cutover_engine **engine,
                                  cutover_error **error)
{
    error_begin(error);
    cutover_engine_options options;
    cutover_status status = port_copy(&engine_options_port, "options", given, &options, error);

    if (status == CUTOVER_OK)
        status = policy_check(options.policy, error);
    if (status == CUTOVER_OK && engine == NULL)
        status = error_set(error, CUTOVER_E_INVALID, "engine: required");
    if (status != CUTOVER_OK)
        return status;
    cutover_engine *made = calloc(1, sizeof *made);
    if (made == NULL)
        return error_nomem(error);
    pthread_mutex_init(&made->host.log.mutex, NULL);
    made->magic = ENGINE_MAGIC;
    status = engine_fill(made, &options, error);
    if (status != CUTOVER_OK) {
        cutover_engine_free(made);
        return status;
    }
    *engine = made;
    return CUTOVER_OK;
}

void cutover_engine_free(cutover_engine *engine)
{
    if (engine == NULL || engine->magic != ENGINE_MAGIC)
        return;
    engine->magic = 0;
    pthread_mutex_destroy(&engine->host.log.mutex);
    lease_watch_free(engine->host.leases);
    verdicts_lost_free(engine->host.verdicts_lost);
    free(engine->host.pg_bin_dir);
    free(engine->host.work_dir);
    outlets_free(&engine->outlets);
    free(engine);
}

char *cutover_text_visible(const char *text)
{
    struct text visible = TEXT_INIT;

    if (text == NULL)
        return NULL;
    text_add_visible(&visible, text);
    return text_take(&visible);
}

char *cutover_time_text(int64_t time, char *text)
{
    _Static_assert(CUTOVER_TIME_SIZE == TIME_TEXT_SIZE, "the same text");
    time_format(time, text);
    return text;
}

cutover_status cutover_time_read(const char *text, int64_t *time, cutover_error **error)
{
    error_begin(error);
    if (text == NULL || time == NULL)
        return error_set(error, CUTOVER_E_INVALID, "%s: required", text == NULL ? "text" : "time");
    if (!time_parse(text, time))
        return error_set(error, CUTOVER_E_INVALID, "no time of the form 2026-01-31T12:00:00Z");
    return CUTOVER_OK;
}

cutover_status cutover_json_check(const char *text, size_t size, cutover_error **error)
{
    cutover_error *cause = NULL;

    error_begin(error);
    if (text == NULL)
        return error_set(error, CUTOVER_E_INVALID, "text: required");
    struct json_object *parsed = json_parse(text, size, &cause);
    cutover_status status = parsed != NULL ? CUTOVER_OK : cutover_error_code(cause);
    json_object_put(parsed);
    error_move(error, cause);
    return status;
}

void cutover_string_free(char *string)
{
    free(string);
}
