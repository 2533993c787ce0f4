#include "desk.h"

#include "agree.h"
#include "check.h"
#include "cluster.h"
#include "told.h"

#include "base/id.h"
#include "base/record.h"
#include "engine/engine.h"
#include "store/document.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

const cutover_actor desk_member = {CUTOVER_ACTOR_VERSION, "carla", CUTOVER_ACTOR_USER, CUTOVER_ROLE_MEMBER};
const cutover_actor desk_operator = {CUTOVER_ACTOR_VERSION, "olga", CUTOVER_ACTOR_OPERATOR,
                                     CUTOVER_ROLE_OPERATOR};

static cutover_status desk_get(const char *kind, const char *id, cutover_document_emit emit, void *context,
                               cutover_error **error, void *userdata)
{
    struct desk *desk = userdata;

    return desk->inner.get(kind, id, emit, context, error, desk->inner.userdata);
}

static cutover_status desk_list(const char *kind, const char *project_id, const char *after_id, uint32_t limit,
                                cutover_document_emit emit, void *context, cutover_error **error,
                                void *userdata)
{
    struct desk *desk = userdata;

    return desk->inner.list(kind, project_id, after_id, limit, emit, context, error, desk->inner.userdata);
}

static cutover_status desk_commit(const cutover_write *const *writes, size_t count, cutover_error **error,
                                  void *userdata)
{
    struct desk *desk = userdata;
    void (*before)(struct desk * desk) = desk->before;

    desk->before = NULL;
    if (before != NULL)
        before(desk);
    if (desk->refused > 0 && desk->refused-- > 0) {
        *error = cutover_error_new(CUTOVER_E_STORE, "the store is not there", NULL, NULL);
        return CUTOVER_E_STORE;
    }
    cutover_status status = desk->inner.commit(writes, count, error, desk->inner.userdata);
    if (status == CUTOVER_OK && desk->lost > 0 && desk->lost-- > 0) {
        *error = cutover_error_new(CUTOVER_E_STORE, "the answer is lost", NULL, NULL);
        return CUTOVER_E_STORE;
    }
    return status;
}

static void close_nothing(void *userdata)
{
    (void)userdata;
}

static void project_add(struct desk *desk, const char *production)
{
    cutover_project project = CUTOVER_PROJECT_INIT;
    cutover_preview preview = CUTOVER_PREVIEW_INIT;
    cutover_error *error = NULL;

    project.id = "shop";
    project.organization_id = "acme";
    project.database = production != NULL ? production : "host=/nonexistent dbname=shop";
    check_ok(cutover_registry_project_add(desk->registry, &project, &error), error);
    preview.id = "next";
    preview.project_id = "shop";
    preview.database = "host=/nonexistent dbname=next";
    check_ok(cutover_registry_preview_add(desk->registry, &preview, &error), error);
}

struct desk *desk_new(const char *production)
{
    struct desk *desk = calloc(1, sizeof *desk);
    cutover_engine_options options = CUTOVER_ENGINE_OPTIONS_INIT;
    cutover_store store = CUTOVER_STORE_INIT;
    cutover_platform platform = CUTOVER_PLATFORM_INIT;
    cutover_error *error = NULL;

    assert_non_null(desk);
    cutover_store_init(&desk->inner, CUTOVER_STORE_VERSION);
    check_ok(cutover_store_memory_open(&desk->inner, &error), error);
    check_ok(cutover_registry_open(&desk->inner, &desk->registry, &error), error);
    check_ok(cutover_registry_platform(desk->registry, &platform, &error), error);
    project_add(desk, production);
    store.userdata = desk;
    store.get = desk_get;
    store.list = desk_list;
    store.commit = desk_commit;
    store.close = close_nothing;
    cutover_repository_init(&desk->repository, CUTOVER_REPOSITORY_VERSION);
    check_ok(cutover_repository_directory_open(cluster_temp_dir(), &desk->repository, &error), error);
    options.store = &store;
    options.repository = &desk->repository;
    options.platform = &platform;
    options.policy = CUTOVER_POLICY_VOLATILE_STORE;
    check_ok(cutover_engine_new(&options, &desk->engine, &error), error);
    desk->engine->host.failover_wait_ms = 0;
    desk->host = &desk->engine->host;
    return desk;
}

int desk_open(void **state)
{
    *state = desk_new(NULL);
    return 0;
}

void desk_free(struct desk *desk)
{
    lease_end(&desk->lease, false);
    journal_free(&desk->journal);
    cutover_engine_free(desk->engine);
    cutover_registry_free(desk->registry);
    cutover_repository_close(&desk->repository);
    cutover_store_close(&desk->inner);
    free(desk);
}

int desk_close(void **state)
{
    desk_free(*state);
    return 0;
}

/* ---- what is asked ---- */

bool desk_has(struct desk *desk, const char *kind, const char *id)
{
    struct document document = {0};
    cutover_error *error = NULL;
    cutover_status status = document_get(&desk->inner, kind, id, &document, &error);
    bool there = status == CUTOVER_OK;

    cutover_error_free(error);
    document_free(&document);
    return there;
}

/* What the inventory has is no part of the story. */
static cutover_status add_action(const cutover_audit_entry *entry, void *context)
{
    told("audit-entry", entry->json);
    if (strncmp(entry->action, "project.", 8) == 0 || strncmp(entry->action, "preview.", 8) == 0)
        return CUTOVER_OK;
    strcat(strcat(context, " "), entry->action);
    return CUTOVER_OK;
}

void desk_check_audit(struct desk *desk, const char *expected)
{
    char actions[1024] = "";
    cutover_error *error = NULL;

    check_ok(cutover_audit_list(desk->engine, "shop", NULL, 100, add_action, actions, &error), error);
    assert_string_equal(actions, expected);
}

static cutover_status each_event(void *context, const struct document *document, cutover_error **error)
{
    struct json_object *event = json_tokener_parse(document->body);

    (void)error;
    strcat(strcat(context, " "), json_object_get_string(json_object_object_get(event, "type")));
    json_object_put(event);
    return CUTOVER_OK;
}

void desk_check_events(struct desk *desk, const char *expected)
{
    char types[1024] = "";
    cutover_error *error = NULL;

    check_ok(document_walk(&desk->inner, "event", "shop", each_event, types, &error), error);
    assert_string_equal(types, expected);
}

void desk_check_request(struct desk *desk, const char *id, const char *status)
{
    cutover_request *request = NULL;
    cutover_error *error = NULL;

    check_ok(cutover_request_get(desk->engine, id, &request, &error), error);
    assert_string_equal(cutover_request_status(request), status);
    cutover_request_free(request);
}

/* ---- what is done ---- */

char *desk_acked(struct desk *desk)
{
    cutover_request_options options = CUTOVER_REQUEST_OPTIONS_INIT;
    cutover_request *request = NULL;
    cutover_error *error = NULL;

    options.actor = &desk_member;
    options.project_id = "shop";
    options.preview_id = "next";
    options.external_ticket_ref = "T-1";
    check_ok(cutover_request_create(desk->engine, &options, &request, &error), error);
    char *id = strdup(cutover_request_id(request));
    cutover_request_free(request);
    check_ok(agree(desk->engine, &desk_operator, id, NULL, 0, NULL, &error), error);
    return id;
}

struct promotion_record desk_promotion(const char *request_id)
{
    struct promotion_record record = {
        .kind = JOB_PROMOTION, .status = PROMOTION_LOCK, .jobs = 1, .created_at = 1};
    char id[ID_SIZE];
    cutover_error *error = NULL;

    id_new(1, id);
    check_ok(record_set_text(&record.id, id, &error), error);
    check_ok(record_set_text(&record.request_id, request_id, &error), error);
    check_ok(record_set_text(&record.project_id, "shop", &error), error);
    check_ok(record_set_text(&record.preview_id, "next", &error), error);
    check_ok(record_set_text(&record.started_by_actor_id, "olga", &error), error);
    record.started_by_actor_kind = CUTOVER_ACTOR_OPERATOR;
    return record;
}

cutover_status desk_claim(struct desk *desk, struct promotion_record *fresh, cutover_error **error)
{
    cutover_error *none = NULL;

    lease_end(&desk->lease, false);
    check_ok(lease_prepare(&desk->lease, desk->host, LEASE_PROMOTION, fresh->id, "shop", &none), none);
    return journal_claim(desk->host, &desk_operator, fresh, &desk->lease, &desk->journal, error);
}

void desk_step(struct desk *desk, enum promotion_status last)
{
    static const enum promotion_status steps[] = {PROMOTION_LOCK,   PROMOTION_STAGE,  PROMOTION_CHECK,
                                                  PROMOTION_BACKUP, PROMOTION_VERIFY, PROMOTION_HELD,
                                                  PROMOTION_SWAP};
    size_t at = 0;
    cutover_error *error = NULL;

    while (desk->journal.record.status != (int)steps[at])
        at++;
    while (steps[at] != last)
        check_ok(journal_step(&desk->journal, steps[++at], &error), error);
}

void desk_take_over(struct desk *desk)
{
    struct journal other = {0};
    cutover_error *error = NULL;

    check_ok(journal_load(desk->host, desk->journal.record.id, &other, &error), error);
    check_ok(journal_save(&other, &error), error);
    journal_free(&other);
}
