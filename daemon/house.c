#include "house.h"

#include "log.h"

#include <string.h>

/* What the daemon does by itself. */
static const cutover_actor self = {CUTOVER_ACTOR_VERSION, "cutoverd", CUTOVER_ACTOR_SYSTEM,
                                   CUTOVER_ROLE_OPERATOR};

static cutover_status open_ports(const struct configuration *configuration, struct house *house,
                                 cutover_error **error)
{
    cutover_status status = cutover_store_open(configuration->store, &house->store, error);

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

/* A library that was built without libcurl has none of either: that is no failure. */
static cutover_status or_without(cutover_status status, const char *what, cutover_error **error)
{
    if (status != CUTOVER_E_UNSUPPORTED)
        return status;
    log_text(CUTOVER_LOG_WARNING, "%s are left out: %s", what, cutover_error_message(*error));
    cutover_error_free(*error);
    *error = NULL;
    return CUTOVER_OK;
}

static cutover_status open_webhooks(const struct configuration *configuration, struct house *house,
                                    cutover_error **error)
{
    cutover_webhooks_options options = CUTOVER_WEBHOOKS_OPTIONS_INIT;

    options.store = &house->store;
    options.log = log_engine;
    if (configuration->allow_private_webhooks)
        options.flags |= CUTOVER_WEBHOOKS_ALLOW_PRIVATE | CUTOVER_WEBHOOKS_ALLOW_PLAIN;
    return or_without(cutover_webhooks_new(&options, &house->webhooks, error), "webhooks", error);
}

static cutover_status open_integrations(const struct configuration *configuration, struct house *house,
                                        cutover_error **error)
{
    cutover_integrations_options options = CUTOVER_INTEGRATIONS_OPTIONS_INIT;

    options.store = &house->store;
    options.folder = configuration->integration_secrets;
    options.vercel_url = configuration->vercel_url;
    options.netlify_url = configuration->netlify_url;
    if (options.vercel_url != NULL || options.netlify_url != NULL)
        options.flags |= CUTOVER_INTEGRATIONS_ALLOW_PRIVATE;
    options.log = log_engine;
    return or_without(cutover_integrations_new(&options, &house->integrations, error), "integrations", error);
}

/* Where events go, by names that stay: the store remembers what each has had. */
static cutover_status open_outlets(const struct configuration *configuration, struct house *house,
                                   cutover_error **error)
{
    cutover_notifier *next = house->notifiers;
    cutover_status status = CUTOVER_OK;

    if (configuration->events_file != NULL) {
        status = cutover_notifier_jsonl_open(configuration->events_file, next++, error);
        if (status == CUTOVER_OK)
            house->outlets[house->outlet_count++] = "file";
    }
    if (status == CUTOVER_OK && house->webhooks != NULL) {
        status = cutover_webhooks_notifier(house->webhooks, next++, error);
        if (status == CUTOVER_OK)
            house->outlets[house->outlet_count++] = "webhook";
    }
    if (status == CUTOVER_OK && house->integrations != NULL) {
        status = cutover_integrations_notifier(house->integrations, next, error);
        if (status == CUTOVER_OK)
            house->outlets[house->outlet_count++] = "integration";
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
    options.webhooks = house->webhooks;
    options.integrations = house->integrations;
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
        status = open_webhooks(configuration, house, error);
    if (status == CUTOVER_OK)
        status = open_integrations(configuration, house, error);
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
    cutover_webhooks_free(house->webhooks);
    cutover_integrations_free(house->integrations);
    cutover_platform_pgbouncer_unwrap(&house->platform);
    cutover_registry_free(house->registry);
    cutover_repository_close(&house->repository);
    cutover_store_close(&house->store);
    memset(house, 0, sizeof *house);
}
