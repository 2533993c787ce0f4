#include "job/displaced.h"
#include "engine/engine.h"
#include "job/journal.h"

#include <cutover/displaced.h>
#include <string.h>

/* What every call here works on. */
struct looking {
    struct project project;
    struct session *control;
    struct displaced_list list;
};

static cutover_status looking_open(cutover_engine *engine, const char *project_id, struct looking *looking,
                                   cutover_error **error)
{
    struct host *host = &engine->host;

    memset(looking, 0, sizeof *looking);
    cutover_status status = platform_project(&host->platform, project_id, &looking->project, error);
    if (status == CUTOVER_OK && !looking->project.found)
        status = error_set(error, CUTOVER_E_NOT_FOUND, "no project %s", project_id);
    if (status != CUTOVER_OK)
        return status;
    struct session_options options = {
        .conninfo = &looking->project.production,
        .database = looking->project.control_database,
        .log = &host->log,
        .connect_timeout_s = host->connect_timeout_s,
    };
    status = session_open(&options, &looking->control, error);
    return status != CUTOVER_OK
               ? status
               : displaced_find(host, &looking->project, looking->control, &looking->list, error);
}

static void looking_close(struct looking *looking)
{
    displaced_list_free(&looking->list);
    session_close(looking->control);
    project_free(&looking->project);
}

static cutover_status tell(const struct looking *looking, const struct displaced *item,
                           cutover_displaced_emit emit, void *context)
{
    cutover_displaced displaced = {
        .version = 1,
        .name = item->name,
        .oid = item->oid,
        .project_id = looking->project.id,
        .promotion_id = item->promotion_id,
        .request_id = item->request_id,
        .displaced_at = item->at,
        .size = item->size,
    };

    return emit(&displaced, context);
}

cutover_status cutover_displaced_list(cutover_engine *engine, const char *project_id,
                                      cutover_displaced_emit emit, void *context, cutover_error **error)
{
    struct looking looking = {0};
    cutover_status status = engine_check(engine, error);

    if (status == CUTOVER_OK)
        status = engine_id_check("project_id", project_id, error);
    if (status == CUTOVER_OK && emit == NULL)
        status = error_set(error, CUTOVER_E_INVALID, "emit: required");
    if (status == CUTOVER_OK)
        status = looking_open(engine, project_id, &looking, error);
    for (size_t i = 0; status == CUTOVER_OK && i < looking.list.count; i++)
        status = tell(&looking, &looking.list.items[i], emit, context);
    looking_close(&looking);
    return status;
}

static cutover_status drop_check(cutover_engine *engine, const cutover_actor *given, const char *project_id,
                                 cutover_actor *actor, cutover_error **error)
{
    cutover_status status = engine_check(engine, error);

    if (status == CUTOVER_OK)
        status = engine_id_check("project_id", project_id, error);
    if (status == CUTOVER_OK)
        status = engine_operator("actor", given, "Displaced databases are dropped by operators.", actor, error);
    return status != CUTOVER_OK ? status : lock_check(&engine->host, project_id, error);
}

cutover_status cutover_displaced_drop(cutover_engine *engine, const cutover_actor *actor,
                                      const char *project_id, const char *name, cutover_error **error)
{
    struct looking looking = {0};
    const struct displaced *found = NULL;
    cutover_actor operator;
    cutover_status status = drop_check(engine, actor, project_id, &operator, error);

    if (status == CUTOVER_OK)
        status = engine_id_check("name", name, error);
    if (status == CUTOVER_OK)
        status = looking_open(engine, project_id, &looking, error);
    for (size_t i = 0; status == CUTOVER_OK && i < looking.list.count; i++)
        if (strcmp(looking.list.items[i].name, name) == 0)
            found = &looking.list.items[i];
    if (status == CUTOVER_OK && found == NULL)
        status =
            error_set(error, CUTOVER_E_NOT_FOUND, "project %s has no displaced database %s", project_id, name);
    if (status == CUTOVER_OK)
        status = displaced_drop(&engine->host, &operator, & looking.project, looking.control, found, error);
    looking_close(&looking);
    return status;
}

cutover_status cutover_displaced_expire(cutover_engine *engine, const cutover_actor *actor,
                                        const char *project_id, int64_t retention,
                                        cutover_displaced_emit dropped, void *context, cutover_error **error)
{
    struct looking looking = {0};
    cutover_status first = CUTOVER_OK;
    cutover_actor operator;
    cutover_status status = drop_check(engine, actor, project_id, &operator, error);

    if (status == CUTOVER_OK && retention <= 0)
        status = error_set(error, CUTOVER_E_INVALID, "retention: %lld microseconds, must be more than 0",
                           (long long)retention);
    if (status == CUTOVER_OK)
        status = looking_open(engine, project_id, &looking, error);
    int64_t before = status == CUTOVER_OK ? clock_now(&engine->host.clock) - retention : 0;
    for (size_t i = 0; status == CUTOVER_OK && i < looking.list.count; i++) {
        const struct displaced *item = &looking.list.items[i];
        if (item->at >= before)
            continue;
        cutover_status went =
            displaced_drop(&engine->host, &operator, & looking.project, looking.control, item, error);
        if (went == CUTOVER_OK && dropped != NULL)
            status = tell(&looking, item, dropped, context);
        if (went != CUTOVER_OK && first == CUTOVER_OK)
            first = went;
    }
    looking_close(&looking);
    return status != CUTOVER_OK ? status : first;
}
