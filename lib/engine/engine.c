#include "engine/engine.h"

#include "base/text.h"
#include "job/lease_watch.h"
#include "notify/port.h"
#include "store/port.h"

#include <stdlib.h>
#include <string.h>

#define CONNECT_TIMEOUT_S 10
#define DOOR_TIMEOUT_MS 5000
#define MAINTENANCE_MEM_MB 256
#define PREVIEW_NOTICE_S 3600
#define EVENT_ATTEMPTS 12
#define ID_MAX 200
#define LIMIT_MAX 1000

cutover_status engine_check(const cutover_engine *engine, cutover_error **error)
{
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

cutover_status engine_options_check(const void *options, unsigned newest, const char *name,
                                    cutover_error **error)
{
    if (options == NULL)
        return error_set(error, CUTOVER_E_INVALID, "%s: required", name);
    unsigned version = *(const unsigned *)options;
    if (version >= 1 && version <= newest)
        return CUTOVER_OK;
    cutover_status status = error_set(error, CUTOVER_E_UNSUPPORTED,
                                      "%s.version: %u, this library knows 1 to %u", name, version, newest);
    error_hint(error, "initialise the struct with its _INIT macro or _init function");
    return status;
}

cutover_status engine_operator_check(const cutover_actor *actor, const char *hint, cutover_error **error)
{
    if (actor == NULL)
        return error_set(error, CUTOVER_E_INVALID, "actor: required");
    cutover_status status = machine_actor_check(actor, error);
    if (status == CUTOVER_OK && (actor->roles & CUTOVER_ROLE_OPERATOR) == 0) {
        status = error_set(error, CUTOVER_E_FORBIDDEN, "%s is not an operator", actor->id);
        error_hint(error, "%s", hint);
    }
    return status;
}

cutover_status engine_limit_check(uint32_t limit, cutover_error **error)
{
    if (limit >= 1 && limit <= LIMIT_MAX)
        return CUTOVER_OK;
    return error_set(error, CUTOVER_E_INVALID, "limit: %u, must be 1 to %d", limit, LIMIT_MAX);
}

/* One required thing of a port. */
struct required {
    const char *name;
    bool there;
};

static cutover_status required_check(const struct required *list, size_t count, cutover_error **error)
{
    for (size_t i = 0; i < count; i++)
        if (!list[i].there)
            return error_set(error, CUTOVER_E_INVALID, "%s: required", list[i].name);
    return CUTOVER_OK;
}

static cutover_status store_allowed(const cutover_store *store, uint32_t policy, cutover_error **error)
{
    if (store == NULL)
        return error_set(error, CUTOVER_E_INVALID, "options.store: required");
    cutover_status status = store_check(store, error);
    if (status == CUTOVER_OK && (store->capabilities & CUTOVER_STORE_DURABLE) == 0 &&
        (policy & CUTOVER_POLICY_VOLATILE_STORE) == 0) {
        status = error_set(error, CUTOVER_E_UNSUPPORTED,
                           "options.store: it is not durable, so a crash would lose the journal");
        error_hint(error, "use a durable store, or set CUTOVER_POLICY_VOLATILE_STORE for a trial");
    }
    return status;
}

static cutover_status repository_check(const cutover_repository *repository, cutover_error **error)
{
    cutover_status status =
        engine_options_check(repository, CUTOVER_REPOSITORY_VERSION, "options.repository", error);

    if (status != CUTOVER_OK)
        return status;
    const struct required list[] = {
        {"options.repository.begin", repository->begin != NULL},
        {"options.repository.create", repository->create != NULL},
        {"options.repository.write", repository->write != NULL},
        {"options.repository.commit", repository->commit != NULL},
        {"options.repository.abort", repository->abort != NULL},
        {"options.repository.publish", repository->publish != NULL},
        {"options.repository.open", repository->open != NULL},
        {"options.repository.read", repository->read != NULL},
        {"options.repository.close_object", repository->close_object != NULL},
        {"options.repository.list", repository->list != NULL},
        {"options.repository.remove", repository->remove != NULL},
        {"options.repository.close", repository->close != NULL},
    };
    return required_check(list, sizeof list / sizeof *list, error);
}

static cutover_status platform_check(const cutover_platform *platform, cutover_error **error)
{
    cutover_status status = engine_options_check(platform, CUTOVER_PLATFORM_VERSION, "options.platform", error);

    if (status != CUTOVER_OK)
        return status;
    const struct required list[] = {
        {"options.platform.project_get", platform->project_get != NULL},
        {"options.platform.project_set_state", platform->project_set_state != NULL},
        {"options.platform.preview_get", platform->preview_get != NULL},
        {"options.platform.traffic_pause and traffic_resume: both or neither",
         (platform->traffic_pause == NULL) == (platform->traffic_resume == NULL)},
    };
    return required_check(list, sizeof list / sizeof *list, error);
}

static cutover_status options_check(const cutover_engine_options *options, cutover_error **error)
{
    const uint32_t known = CUTOVER_POLICY_ACK_BY_REQUESTER | CUTOVER_POLICY_VOLATILE_STORE;
    cutover_status status = engine_options_check(options, CUTOVER_ENGINE_OPTIONS_VERSION, "options", error);

    if (status != CUTOVER_OK)
        return status;
    if ((options->policy & ~known) != 0)
        return error_set(error, CUTOVER_E_INVALID, "options.policy: unknown bits 0x%x",
                         options->policy & ~known);
    status = store_allowed(options->store, options->policy, error);
    if (status == CUTOVER_OK)
        status = repository_check(options->repository, error);
    if (status == CUTOVER_OK)
        status = platform_check(options->platform, error);
    if (status == CUTOVER_OK && options->notifier != NULL)
        status = notifier_check(options->notifier, error);
    return status;
}

static void log_forward(int level, const char *line, void *userdata)
{
    const cutover_engine *engine = userdata;

    engine->log((cutover_log_level)level, line, engine->log_userdata);
}

cutover_status cutover_engine_new(const cutover_engine_options *options, cutover_engine **engine,
                                  cutover_error **error)
{
    if (engine == NULL)
        return error_set(error, CUTOVER_E_INVALID, "engine: required");
    cutover_status status = options_check(options, error);
    if (status != CUTOVER_OK)
        return status;
    cutover_engine *made = calloc(1, sizeof *made);
    if (made == NULL)
        return error_nomem(error);
    struct host *host = &made->host;
    host->store = *options->store;
    host->repository = *options->repository;
    host->platform = *options->platform;
    if (options->notifier != NULL) {
        host->notifier = *options->notifier;
        host->has_notifier = true;
    }
    host->clock = (struct clock){.now = options->clock, .userdata = options->clock_userdata};
    host->policy = options->policy;
    pthread_mutex_init(&host->log.mutex, NULL);
    if (options->log != NULL) {
        made->log = options->log;
        made->log_userdata = options->log_userdata;
        host->log.write = log_forward;
        host->log.userdata = made;
    }
    host->connect_timeout_s = options->connect_timeout_s ? options->connect_timeout_s : CONNECT_TIMEOUT_S;
    host->door_timeout_ms = options->door_timeout_ms ? options->door_timeout_ms : DOOR_TIMEOUT_MS;
    host->maintenance_mem_mb = options->maintenance_mem_mb ? options->maintenance_mem_mb : MAINTENANCE_MEM_MB;
    host->event_attempts = options->event_attempts ? options->event_attempts : EVENT_ATTEMPTS;
    host->preview_notice_us =
        (options->preview_notice_s ? options->preview_notice_s : PREVIEW_NOTICE_S) * INT64_C(1000000);
    host->leases = lease_watch_new();
    status =
        host->leases == NULL ? error_nomem(error) : string_copy(options->pg_bin_dir, &host->pg_bin_dir, error);
    if (status == CUTOVER_OK)
        status = string_copy(options->work_dir, &host->work_dir, error);
    made->magic = ENGINE_MAGIC;
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
    free(engine->host.pg_bin_dir);
    free(engine->host.work_dir);
    free(engine);
}

void cutover_string_free(char *string)
{
    free(string);
}
