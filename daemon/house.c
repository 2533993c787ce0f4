#include "house.h"

#include "log.h"

#include <string.h>

/* What the daemon does by itself. */
static const cutover_actor self = {CUTOVER_ACTOR_VERSION, "cutoverd", CUTOVER_ACTOR_SYSTEM,
                                   CUTOVER_ROLE_OPERATOR};

static cutover_status open_ports(const struct configuration *configuration, struct house *house,
                                 cutover_error **error)
{
    cutover_status status = cutover_store_sqlite_open(configuration->store, &house->store, error);

    if (status == CUTOVER_OK)
        status = cutover_repository_directory_open(configuration->repository, &house->repository, error);
    if (status == CUTOVER_OK)
        status = cutover_registry_open_as(&house->store, &self, &house->registry, error);
    if (status == CUTOVER_OK)
        status = cutover_registry_platform(house->registry, &house->known, error);
    if (status == CUTOVER_OK)
        status = cutover_platform_pgbouncer_wrap(&house->known, NULL, &house->platform, error);
    return status;
}

static cutover_status open_outlets(const struct configuration *configuration, struct house *house,
                                   cutover_error **error)
{
    cutover_status status = CUTOVER_OK;

    if (configuration->events_file != NULL) {
        status = cutover_notifier_jsonl_open(configuration->events_file, &house->notifiers[house->outlet_count],
                                             error);
        if (status == CUTOVER_OK)
            house->outlets[house->outlet_count++] = "file";
    }
    return status;
}

static cutover_status open_engine(const struct configuration *configuration, struct house *house,
                                  cutover_error **error)
{
    cutover_engine_options options = CUTOVER_ENGINE_OPTIONS_INIT;
    cutover_named_notifier named[OUTLETS_MAX];
    const cutover_named_notifier *list[OUTLETS_MAX];

    for (size_t i = 0; i < house->outlet_count; i++) {
        named[i] = (cutover_named_notifier)CUTOVER_NAMED_NOTIFIER_INIT;
        named[i].name = house->outlets[i];
        named[i].notifier = &house->notifiers[i];
        list[i] = &named[i];
    }
    options.store = &house->store;
    options.repository = &house->repository;
    options.platform = &house->platform;
    options.notifiers = list;
    options.notifier_count = house->outlet_count;
    options.pg_bin_dir = configuration->pg_bin_dir;
    options.work_dir = configuration->work_dir;
    options.log = log_engine;
    if (!configuration->four_eyes)
        options.policy |= CUTOVER_POLICY_ACK_BY_REQUESTER;
    return cutover_engine_new(&options, &house->engine, error);
}

static cutover_status open_api(const struct configuration *configuration, cutover_api_run_fn run,
                               void *run_userdata, struct house *house, cutover_error **error)
{
    cutover_api_options options = CUTOVER_API_OPTIONS_INIT;

    options.engine = house->engine;
    options.store = &house->store;
    options.platform = &house->platform;
    options.registry = house->registry;
    options.run = run;
    options.run_userdata = run_userdata;
    options.jobs = (uint32_t)configuration->job_threads;
    options.max_body = (uint32_t)configuration->max_body;
    return cutover_api_new(&options, &house->api, error);
}

cutover_status house_open(const struct configuration *configuration, cutover_api_run_fn run, void *run_userdata,
                          struct house *house, cutover_error **error)
{
    memset(house, 0, sizeof *house);
    cutover_store_init(&house->store, CUTOVER_STORE_VERSION);
    cutover_repository_init(&house->repository, CUTOVER_REPOSITORY_VERSION);
    cutover_platform_init(&house->known, CUTOVER_PLATFORM_VERSION);
    cutover_platform_init(&house->platform, CUTOVER_PLATFORM_VERSION);
    for (size_t i = 0; i < OUTLETS_MAX; i++)
        cutover_notifier_init(&house->notifiers[i], CUTOVER_NOTIFIER_VERSION);
    cutover_status status = open_ports(configuration, house, error);
    if (status == CUTOVER_OK)
        status = open_outlets(configuration, house, error);
    if (status == CUTOVER_OK)
        status = open_engine(configuration, house, error);
    if (status == CUTOVER_OK)
        status = open_api(configuration, run, run_userdata, house, error);
    return status;
}

void house_close(struct house *house)
{
    cutover_api_free(house->api);
    cutover_engine_free(house->engine);
    for (size_t i = 0; i < house->outlet_count; i++)
        cutover_notifier_close(&house->notifiers[i]);
    cutover_platform_pgbouncer_unwrap(&house->platform);
    cutover_registry_free(house->registry);
    cutover_repository_close(&house->repository);
    cutover_store_close(&house->store);
    memset(house, 0, sizeof *house);
}
