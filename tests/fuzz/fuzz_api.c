/* The HTTP interface: whatever is asked has an answer, in JSON and by its rules. Input: a byte that says who asks, then a request as it goes
   over a line: METHOD TARGET, headers, an empty line, the body. */
#include "fuzz/fuzz.h"

#include <cutover.h>

enum { HEADERS_MAX = 120 };

struct world {
    cutover_store store;
    cutover_repository repository;
    cutover_registry *registry;
    cutover_engine *engine;
    cutover_api *api;
};

static cutover_status take(cutover_api_work *work, void *userdata)
{
    (void)userdata;
    REQUIRE(cutover_api_work_job_id(work) != NULL);
    return CUTOVER_E_LOCKED;
}

static void world_open(struct world *world)
{
    cutover_project project = CUTOVER_PROJECT_INIT;
    cutover_preview preview = CUTOVER_PREVIEW_INIT;
    cutover_platform platform = CUTOVER_PLATFORM_INIT;
    cutover_engine_options options = CUTOVER_ENGINE_OPTIONS_INIT;
    cutover_api_options api = CUTOVER_API_OPTIONS_INIT;

    cutover_store_init(&world->store, CUTOVER_STORE_VERSION);
    cutover_repository_init(&world->repository, CUTOVER_REPOSITORY_VERSION);
    REQUIRE(cutover_store_memory_open(&world->store, NULL) == CUTOVER_OK);
    REQUIRE(cutover_repository_directory_open("fuzz_api.repository", &world->repository, NULL) == CUTOVER_OK);
    REQUIRE(cutover_registry_open(&world->store, &world->registry, NULL) == CUTOVER_OK);
    REQUIRE(cutover_registry_platform(world->registry, &platform, NULL) == CUTOVER_OK);
    project.id = "shop";
    project.database = "host=/nonexistent dbname=shop";
    preview.id = "next";
    preview.project_id = "shop";
    preview.database = "host=/nonexistent dbname=next";
    REQUIRE(cutover_registry_project_add(world->registry, &project, NULL) == CUTOVER_OK);
    REQUIRE(cutover_registry_preview_add(world->registry, &preview, NULL) == CUTOVER_OK);
    options.store = &world->store;
    options.repository = &world->repository;
    options.platform = &platform;
    options.policy = CUTOVER_POLICY_VOLATILE_STORE;
    options.pg_bin_dir = "/nonexistent";
    REQUIRE(cutover_engine_new(&options, &world->engine, NULL) == CUTOVER_OK);
    api.engine = world->engine;
    api.store = &world->store;
    api.platform = &platform;
    api.registry = world->registry;
    api.run = take;
    REQUIRE(cutover_api_new(&api, &world->api, NULL) == CUTOVER_OK);
}

static void world_close(struct world *world)
{
    cutover_api_free(world->api);
    cutover_engine_free(world->engine);
    cutover_registry_free(world->registry);
    cutover_repository_close(&world->repository);
    cutover_store_close(&world->store);
}

/* The next line, ended where it stands; NULL: there is none. */
static char *line(char **rest)
{
    char *begin = *rest, *end = begin == NULL ? NULL : strchr(begin, '\n');

    if (end == NULL)
        return NULL;
    *end = '\0';
    *rest = end + 1;
    return begin;
}

static void check(const cutover_api_response *response)
{
    const unsigned status = cutover_api_response_status(response);
    const char *body = cutover_api_response_body(response);

    REQUIRE(status >= 200 && status < 600 && status != 500);
    REQUIRE(strlen(body) == cutover_api_response_body_size(response));
    if (*body != '\0')
        fuzz_require_json(body);
    REQUIRE(status < 400 || strstr(body, "\"code\":") != NULL);
    for (size_t i = 0; i < cutover_api_response_header_count(response); i++)
        for (const char *at = cutover_api_response_header_value(response, i); *at != '\0'; at++)
            REQUIRE(*at >= ' ' && *at <= '~');
}

static void ask(struct world *world, uint8_t who, char *text, size_t size)
{
    const cutover_actor actor = {CUTOVER_ACTOR_VERSION, "somebody", CUTOVER_ACTOR_USER, who & 7};
    cutover_api_header headers[HEADERS_MAX];
    cutover_api_request request = CUTOVER_API_REQUEST_INIT;
    cutover_api_response *response = NULL;
    char *rest = text, *first = line(&rest), *next;

    if (first == NULL)
        return;
    char *target = strchr(first, ' ');
    if (target != NULL)
        *target++ = '\0';
    request.method = first;
    request.path = target == NULL ? "" : target;
    char *query = target == NULL ? NULL : strchr(target, '?');
    if (query != NULL)
        *query++ = '\0';
    request.query = query;
    request.headers = headers;
    while ((next = line(&rest)) != NULL && *next != '\0' && request.header_count < HEADERS_MAX) {
        char *value = strchr(next, ':');
        if (value != NULL)
            *value++ = '\0';
        headers[request.header_count++] =
            (cutover_api_header){next, value == NULL ? "" : value + strspn(value, " ")};
    }
    request.body = rest;
    request.body_size = size - (size_t)(rest - text);
    request.actor = (who & 8) != 0 ? NULL : &actor;
    request.project_id = (who & 16) != 0 ? "shop" : (who & 32) != 0 ? "other" : NULL;
    REQUIRE(cutover_api_handle(world->api, &request, &response, NULL) == CUTOVER_OK);
    check(response);
    cutover_api_response_free(response);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct world world = {.api = NULL};

    if (size < 1)
        return 0;
    char *text = malloc(size);
    REQUIRE(text != NULL);
    memcpy(text, data + 1, size - 1);
    text[size - 1] = '\0';
    world_open(&world);
    ask(&world, data[0], text, size - 1);
    world_close(&world);
    free(text);
    return 0;
}
