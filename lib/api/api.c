#include "api/api.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static const cutover_api_options options_initial = CUTOVER_API_OPTIONS_INIT;
static const cutover_api_request request_initial = CUTOVER_API_REQUEST_INIT;

cutover_status cutover_api_options_init(cutover_api_options *options, unsigned version)
{
    if (options == NULL)
        return CUTOVER_E_INVALID;
    if (version != CUTOVER_API_OPTIONS_VERSION)
        return CUTOVER_E_UNSUPPORTED;
    memcpy(options, &options_initial, sizeof *options);
    return CUTOVER_OK;
}

cutover_status cutover_api_request_init(cutover_api_request *request, unsigned version)
{
    if (request == NULL)
        return CUTOVER_E_INVALID;
    if (version != CUTOVER_API_REQUEST_VERSION)
        return CUTOVER_E_UNSUPPORTED;
    memcpy(request, &request_initial, sizeof *request);
    return CUTOVER_OK;
}

cutover_status api_fail(cutover_error **error, cutover_status status, const char *message, const char *hint)
{
    if (error != NULL && *error == NULL)
        *error = cutover_error_new(status, message, NULL, hint);
    return status;
}

cutover_status api_nomem(cutover_error **error)
{
    return api_fail(error, CUTOVER_E_NOMEM, "out of memory", NULL);
}

int64_t api_now(const cutover_api *api)
{
    struct timespec now;
    int64_t told = api->clock == NULL ? 0 : api->clock(api->clock_userdata);

    if (told > 0)
        return told;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* The first member that is missing or out of its bounds, as a message; NULL: none. */
static const char *options_fault(const cutover_api_options *options)
{
    if (options->engine == NULL)
        return "options.engine: required";
    if (options->store == NULL)
        return "options.store: required";
    if (options->platform == NULL)
        return "options.platform: required";
    if (options->jobs > 64)
        return "options.jobs: 1 to 64, or 0";
    if (options->max_body != 0 && (options->max_body < 1024 || options->max_body > 1048576))
        return "options.max_body: 1024 to 1048576, or 0";
    return NULL;
}

/* A vtable of the host's, which may be an older and shorter one. False for a version that is not known. */
static bool store_take(cutover_store *copy, const cutover_store *given)
{
    if (cutover_store_init(copy, given->version) != CUTOVER_OK)
        return false;
    memcpy(copy, given, given->version == 1 ? offsetof(cutover_store, max_commit_writes) : sizeof *copy);
    return true;
}

static bool platform_take(cutover_platform *copy, const cutover_platform *given)
{
    static const size_t sizes[] = {offsetof(cutover_platform, fence_pause),
                                   offsetof(cutover_platform, preview_extend), sizeof(cutover_platform)};

    _Static_assert(sizeof sizes / sizeof *sizes == CUTOVER_PLATFORM_VERSION,
                   "the size of a version of cutover_platform is missing here");
    if (given->version == 0 || given->version > CUTOVER_PLATFORM_VERSION)
        return false;
    *copy = (cutover_platform)CUTOVER_PLATFORM_INIT;
    memcpy(copy, given, sizes[given->version - 1]);
    return true;
}

cutover_status cutover_api_new(const cutover_api_options *options, cutover_api **api, cutover_error **error)
{
    if (error != NULL)
        *error = NULL;
    if (options == NULL || api == NULL)
        return api_fail(error, CUTOVER_E_INVALID, options == NULL ? "options: required" : "api: required",
                        NULL);
    if (options->version != CUTOVER_API_OPTIONS_VERSION)
        return api_fail(error, CUTOVER_E_UNSUPPORTED, "options.version: not known to this library", NULL);
    const char *fault = options_fault(options);
    if (fault != NULL)
        return api_fail(error, CUTOVER_E_INVALID, fault, NULL);
    cutover_api *made = calloc(1, sizeof *made);
    if (made == NULL)
        return api_nomem(error);
    if (!store_take(&made->store, options->store) || !platform_take(&made->platform, options->platform)) {
        free(made);
        return api_fail(error, CUTOVER_E_UNSUPPORTED, "a port of a version that is not known to this library",
                        NULL);
    }
    made->engine = options->engine;
    made->registry = options->registry;
    made->projects = options->projects;
    made->previews = options->previews;
    made->inventory_userdata = options->inventory_userdata;
    made->webhooks = options->webhooks;
    made->integrations = options->integrations;
    made->run = options->run;
    made->run_userdata = options->run_userdata;
    made->clock = options->clock;
    made->clock_userdata = options->clock_userdata;
    made->jobs = options->jobs;
    made->max_body = options->max_body == 0 ? 65536 : options->max_body;
    if (pthread_mutex_init(&made->lock, NULL) != 0) {
        free(made);
        return api_nomem(error);
    }
    *api = made;
    return CUTOVER_OK;
}

void cutover_api_free(cutover_api *api)
{
    if (api == NULL)
        return;
    pthread_mutex_destroy(&api->lock);
    free(api);
}
