#include "support/agree.h"
#include "support/check.h"

#include <cutover.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Every test has ports that work, on an empty memory store. */
struct ports {
    cutover_store store;
    cutover_repository repository;
    cutover_registry *registry;
    cutover_platform platform;
    cutover_notifier notifier;
    cutover_named_notifier named[2]; /* the engine has the first */
    const cutover_named_notifier *notifiers[2];
    cutover_engine_options options;
};

static const cutover_actor operator_actor = {CUTOVER_ACTOR_VERSION, "olga", CUTOVER_ACTOR_OPERATOR,
                                             CUTOVER_ROLE_OPERATOR};

static cutover_status unused_begin(const char *backup, cutover_error **error, void *userdata)
{
    (void)backup;
    (void)error;
    (void)userdata;
    return CUTOVER_E_REPOSITORY;
}

static cutover_status unused_create(const char *backup, const char *name, void **object, cutover_error **error,
                                    void *userdata)
{
    (void)name;
    (void)object;
    return unused_begin(backup, error, userdata);
}

static cutover_status unused_write(void *object, const void *bytes, size_t count, cutover_error **error,
                                   void *userdata)
{
    (void)object;
    (void)bytes;
    (void)count;
    return unused_begin(NULL, error, userdata);
}

static cutover_status unused_commit(void *object, cutover_error **error, void *userdata)
{
    (void)object;
    return unused_begin(NULL, error, userdata);
}

static void unused_abort(void *object, void *userdata)
{
    (void)object;
    (void)userdata;
}

static cutover_status unused_read(void *object, uint64_t offset, void *bytes, size_t capacity, size_t *count,
                                  cutover_error **error, void *userdata)
{
    (void)object;
    (void)offset;
    (void)bytes;
    (void)capacity;
    (void)count;
    return unused_begin(NULL, error, userdata);
}

static cutover_status unused_list(const char *backup, cutover_object_emit emit, void *context,
                                  cutover_error **error, void *userdata)
{
    (void)emit;
    (void)context;
    return unused_begin(backup, error, userdata);
}

static void close_nothing(void *userdata)
{
    (void)userdata;
}

static cutover_status deliver(const cutover_event *event, cutover_refusal *refusal, cutover_error **error,
                              void *userdata)
{
    (void)event;
    (void)refusal;
    (void)error;
    (void)userdata;
    return CUTOVER_OK;
}

static int open_ports(void **state)
{
    struct ports *ports = calloc(1, sizeof *ports);
    cutover_error *error = NULL;

    assert_non_null(ports);
    cutover_store_init(&ports->store, CUTOVER_STORE_VERSION);
    cutover_platform_init(&ports->platform, CUTOVER_PLATFORM_VERSION);
    check_ok(cutover_store_memory_open(&ports->store, &error), error);
    check_ok(cutover_registry_open(&ports->store, &ports->registry, &error), error);
    check_ok(cutover_registry_platform(ports->registry, &ports->platform, &error), error);
    ports->repository = (cutover_repository){
        .version = CUTOVER_REPOSITORY_VERSION,
        .begin = unused_begin,
        .create = unused_create,
        .write = unused_write,
        .commit = unused_commit,
        .abort = unused_abort,
        .publish = unused_begin,
        .open = unused_create,
        .read = unused_read,
        .close_object = unused_abort,
        .list = unused_list,
        .remove = unused_begin,
        .close = close_nothing,
    };
    ports->notifier = (cutover_notifier){CUTOVER_NOTIFIER_VERSION, NULL, deliver, close_nothing, 0};
    ports->options = (cutover_engine_options)CUTOVER_ENGINE_OPTIONS_INIT;
    ports->options.policy = CUTOVER_POLICY_VOLATILE_STORE;
    ports->options.store = &ports->store;
    ports->options.repository = &ports->repository;
    ports->options.platform = &ports->platform;
    for (size_t i = 0; i < 2; i++) {
        ports->named[i] = (cutover_named_notifier)CUTOVER_NAMED_NOTIFIER_INIT;
        ports->named[i].name = i == 0 ? "hook" : "log";
        ports->named[i].notifier = &ports->notifier;
        ports->notifiers[i] = &ports->named[i];
    }
    ports->options.notifiers = ports->notifiers;
    ports->options.notifier_count = 1;
    *state = ports;
    return 0;
}

static int close_ports(void **state)
{
    struct ports *ports = *state;

    cutover_registry_free(ports->registry);
    cutover_store_close(&ports->store);
    free(ports);
    return 0;
}

/* The engine is refused with this status and this part in the message, and *engine is left alone. */
static void check_refused(const struct ports *ports, cutover_status status, const char *part)
{
    cutover_engine *engine = (cutover_engine *)(uintptr_t)8;
    cutover_error *error = NULL;

    check_status_keep(cutover_engine_new(&ports->options, &engine, &error), status, error);
    check_contains(cutover_error_message(error), part);
    assert_ptr_equal(engine, (cutover_engine *)(uintptr_t)8);
    cutover_error_free(error);
}

static cutover_engine *engine_of(const struct ports *ports)
{
    cutover_engine *engine = NULL;
    cutover_error *error = NULL;

    check_ok(cutover_engine_new(&ports->options, &engine, &error), error);
    return engine;
}

/* ---- making one ---- */

static void init_macros_and_functions_agree(void **state)
{
    const cutover_engine_options engine_macro = CUTOVER_ENGINE_OPTIONS_INIT;
    const cutover_request_options request_macro = CUTOVER_REQUEST_OPTIONS_INIT;
    const cutover_promotion_options promotion_macro = CUTOVER_PROMOTION_OPTIONS_INIT;
    const cutover_backup_options backup_macro = CUTOVER_BACKUP_OPTIONS_INIT;
    cutover_engine_options engine;
    cutover_request_options request;
    cutover_promotion_options promotion;
    cutover_backup_options backup;

    (void)state;
    assert_int_equal(cutover_engine_options_init(&engine, CUTOVER_ENGINE_OPTIONS_VERSION), CUTOVER_OK);
    assert_int_equal(cutover_request_options_init(&request, CUTOVER_REQUEST_OPTIONS_VERSION), CUTOVER_OK);
    assert_int_equal(cutover_promotion_options_init(&promotion, CUTOVER_PROMOTION_OPTIONS_VERSION), CUTOVER_OK);
    assert_int_equal(cutover_backup_options_init(&backup, CUTOVER_BACKUP_OPTIONS_VERSION), CUTOVER_OK);
    assert_int_equal(engine.version, engine_macro.version);
    assert_int_equal(engine.policy, engine_macro.policy);
    assert_null(engine.store);
    assert_null(engine.work_dir);
    assert_int_equal(engine.notifier_count, 0);
    assert_int_equal(engine.preview_notice_s, engine_macro.preview_notice_s);
    assert_int_equal(request.version, request_macro.version);
    assert_null(request.actor);
    assert_null(request.project_id);
    assert_int_equal(promotion.verify, promotion_macro.verify);
    assert_null(promotion.actor);
    assert_int_equal(promotion.hold, promotion_macro.hold);
    assert_int_equal(backup.verify, backup_macro.verify);
    assert_null(backup.label);
}

static void unknown_versions_of_options_are_refused(void **state)
{
    cutover_engine_options engine = {.version = 77};
    cutover_request_options request = {.version = 77};
    cutover_promotion_options promotion = {.version = 77};
    cutover_backup_options backup = {.version = 77};

    (void)state;
    for (unsigned version = 0; version <= 99; version += 99) {
        assert_int_equal(cutover_engine_options_init(&engine, version), CUTOVER_E_UNSUPPORTED);
        assert_int_equal(cutover_request_options_init(&request, version), CUTOVER_E_UNSUPPORTED);
        assert_int_equal(cutover_promotion_options_init(&promotion, version), CUTOVER_E_UNSUPPORTED);
        assert_int_equal(cutover_backup_options_init(&backup, version), CUTOVER_E_UNSUPPORTED);
    }
    assert_int_equal(engine.version, 77);
    assert_int_equal(request.version, 77);
    assert_int_equal(promotion.version, 77);
    assert_int_equal(backup.version, 77);
}

static void engine_is_made_and_freed(void **state)
{
    cutover_engine_free(engine_of(*state));
    cutover_engine_free(NULL);
}

static void notifier_is_optional(void **state)
{
    struct ports *ports = *state;
    cutover_error *error = NULL;

    ports->options.notifiers = NULL;
    ports->options.notifier_count = 0;
    cutover_engine *engine = engine_of(ports);
    check_status(cutover_events_deliver(engine, NULL, NULL, &error), CUTOVER_E_STATE, error);
    cutover_engine_free(engine);
}

static void notifiers_have_names_of_their_own(void **state)
{
    static const char *const names[] = {"", "two words", "a:b", "h\xc3\xb6k", "hook"};
    struct ports *ports = *state;
    char name[66];

    ports->options.notifier_count = 2;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        ports->named[1].name = names[i];
        check_refused(ports, CUTOVER_E_INVALID, "options.notifiers[1].name");
    }
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    ports->named[1].name = name;
    check_refused(ports, CUTOVER_E_INVALID, "options.notifiers[1].name");
    ports->named[1].name = name + 1;
    cutover_engine_free(engine_of(ports));
}

static void what_is_no_notifier_is_refused_by_place(void **state)
{
    struct ports *ports = *state;

    ports->options.notifier_count = 2;
    ports->notifiers[1] = NULL;
    check_refused(ports, CUTOVER_E_INVALID, "options.notifiers[1]: required");
    ports->notifiers[1] = &ports->named[1];
    ports->named[1].version = CUTOVER_NAMED_NOTIFIER_VERSION + 1;
    check_refused(ports, CUTOVER_E_UNSUPPORTED, "options.notifiers[1].version");
    ports->named[1].version = CUTOVER_NAMED_NOTIFIER_VERSION;
    ports->named[1].name = NULL;
    check_refused(ports, CUTOVER_E_INVALID, "options.notifiers[1].name: required");
    ports->named[1].name = "log";
    ports->named[1].notifier = NULL;
    check_refused(ports, CUTOVER_E_INVALID, "options.notifiers[1].notifier: required");
    ports->named[1].notifier = &ports->notifier;
    ports->named[1].since = -1;
    check_refused(ports, CUTOVER_E_INVALID, "options.notifiers[1].since");
    ports->named[1].since = 0;
    ports->options.notifiers = NULL;
    check_refused(ports, CUTOVER_E_INVALID, "options.notifiers: required");
    ports->options.notifiers = ports->notifiers;
    ports->options.notifier_count = 33;
    check_refused(ports, CUTOVER_E_INVALID, "options.notifiers: 33");
}

static void options_of_another_version_are_refused(void **state)
{
    struct ports *ports = *state;

    ports->options.version = 0;
    check_refused(ports, CUTOVER_E_UNSUPPORTED, "options.version");
    ports->options.version = CUTOVER_ENGINE_OPTIONS_VERSION + 1;
    check_refused(ports, CUTOVER_E_UNSUPPORTED, "options.version");
}

static void unknown_policy_is_refused(void **state)
{
    struct ports *ports = *state;

    ports->options.policy |= 0x80000000u;
    check_refused(ports, CUTOVER_E_INVALID, "options.policy");
}

static void volatile_store_needs_the_policy(void **state)
{
    struct ports *ports = *state;

    ports->options.policy = 0;
    check_refused(ports, CUTOVER_E_UNSUPPORTED, "options.store");
    ports->store.capabilities |= CUTOVER_STORE_DURABLE;
    cutover_engine_free(engine_of(ports));
}

static void ports_of_another_version_are_refused(void **state)
{
    struct ports *ports = *state;
    unsigned *const versions[] = {&ports->store.version, &ports->repository.version, &ports->platform.version,
                                  &ports->notifier.version};
    static const unsigned newest[] = {CUTOVER_STORE_VERSION, CUTOVER_REPOSITORY_VERSION,
                                      CUTOVER_PLATFORM_VERSION, CUTOVER_NOTIFIER_VERSION};
    static const char *const names[] = {"options.store.version", "options.repository.version",
                                        "options.platform.version", "options.notifiers[0].notifier.version"};

    for (size_t i = 0; i < 4; i++) {
        *versions[i] = newest[i] + 1;
        check_refused(ports, CUTOVER_E_UNSUPPORTED, names[i]);
        *versions[i] = 0;
        check_refused(ports, CUTOVER_E_UNSUPPORTED, names[i]);
        *versions[i] = 1;
    }
    cutover_engine_free(engine_of(ports));
}

static void missing_ports_are_refused(void **state)
{
    struct ports *ports = *state;

    ports->options.store = NULL;
    check_refused(ports, CUTOVER_E_INVALID, "options.store");
    ports->options.store = &ports->store;
    ports->options.repository = NULL;
    check_refused(ports, CUTOVER_E_INVALID, "options.repository");
    ports->options.repository = &ports->repository;
    ports->options.platform = NULL;
    check_refused(ports, CUTOVER_E_INVALID, "options.platform");
}

/* Clears a required member for the length of one attempt. */
#define CHECK_REQUIRED(port, member) CHECK_REQUIRED_OF(#port, port, member)
#define CHECK_REQUIRED_OF(name, port, member)                                                                  \
    do {                                                                                                       \
        __typeof__(ports->port.member) kept = ports->port.member;                                              \
        ports->port.member = NULL;                                                                             \
        check_refused(ports, CUTOVER_E_INVALID, "options." name "." #member ": required");                     \
        ports->port.member = kept;                                                                             \
    } while (0)

static void missing_members_are_refused_by_name(void **state)
{
    struct ports *ports = *state;

    CHECK_REQUIRED(store, get);
    CHECK_REQUIRED(store, list);
    CHECK_REQUIRED(store, commit);
    CHECK_REQUIRED(store, close);
    CHECK_REQUIRED(repository, begin);
    CHECK_REQUIRED(repository, create);
    CHECK_REQUIRED(repository, write);
    CHECK_REQUIRED(repository, commit);
    CHECK_REQUIRED(repository, abort);
    CHECK_REQUIRED(repository, publish);
    CHECK_REQUIRED(repository, open);
    CHECK_REQUIRED(repository, read);
    CHECK_REQUIRED(repository, close_object);
    CHECK_REQUIRED(repository, list);
    CHECK_REQUIRED(repository, remove);
    CHECK_REQUIRED(repository, close);
    CHECK_REQUIRED(platform, project_get);
    CHECK_REQUIRED(platform, project_set_state);
    CHECK_REQUIRED(platform, preview_get);
    CHECK_REQUIRED_OF("notifiers[0].notifier", notifier, deliver);
    CHECK_REQUIRED_OF("notifiers[0].notifier", notifier, close);
    cutover_engine_free(engine_of(ports));
}

static cutover_status unused_patch(const char *backup, const char *name, void **object, cutover_error **error,
                                   void *userdata)
{
    (void)name;
    (void)object;
    return unused_begin(backup, error, userdata);
}

static void repository_that_patches_can_open_and_write(void **state)
{
    struct ports *ports = *state;

    ports->repository.capabilities |= CUTOVER_REPOSITORY_PATCH;
    check_refused(ports, CUTOVER_E_INVALID, "repository.patch: required with CUTOVER_REPOSITORY_PATCH");
    ports->repository.patch = unused_patch;
    check_refused(ports, CUTOVER_E_INVALID, "repository.write_at: required with CUTOVER_REPOSITORY_PATCH");
}

static cutover_status traffic(const char *project_id, cutover_error **error, void *userdata)
{
    return unused_begin(project_id, error, userdata);
}

static void traffic_hooks_come_in_pairs(void **state)
{
    struct ports *ports = *state;

    ports->platform.traffic_pause = traffic;
    check_refused(ports, CUTOVER_E_INVALID, "traffic_resume");
    ports->platform.traffic_resume = traffic;
    cutover_engine_free(engine_of(ports));
    ports->platform.traffic_pause = NULL;
    check_refused(ports, CUTOVER_E_INVALID, "traffic_pause");
}

static void null_outputs_are_refused(void **state)
{
    struct ports *ports = *state;
    cutover_error *error = NULL;

    check_status(cutover_engine_new(&ports->options, NULL, &error), CUTOVER_E_INVALID, error);
    check_status(cutover_engine_new(NULL, &(cutover_engine *){NULL}, &error), CUTOVER_E_INVALID, error);
    assert_int_equal(cutover_engine_new(NULL, &(cutover_engine *){NULL}, NULL), CUTOVER_E_INVALID);
}

/* Options are copied, strings included: what the caller gave may go. */
static void options_are_copied(void **state)
{
    struct ports *ports = *state;
    char work[] = "/nonexistent/work";

    ports->options.work_dir = work;
    cutover_engine *engine = engine_of(ports);
    memset(work, 'x', sizeof work - 1);
    memset(&ports->options, 0x55, sizeof ports->options);
    cutover_request_list *requests = NULL;
    cutover_error *error = NULL;
    check_ok(cutover_requests_list(engine, NULL, NULL, 10, &requests, &error), error);
    cutover_request_list_free(requests);
    cutover_engine_free(engine);
}

/* ---- using one ---- */

static void every_call_refuses_no_engine(void **state)
{
    cutover_request_options request = CUTOVER_REQUEST_OPTIONS_INIT;
    cutover_backup_options backup = CUTOVER_BACKUP_OPTIONS_INIT;
    cutover_promotion_options promotion = CUTOVER_PROMOTION_OPTIONS_INIT;
    const cutover_actor *actor = &operator_actor;
    const cutover_event_selection selection = {1, actor, "hook", "p", 1, 1};
    cutover_request *one = NULL;
    cutover_request_list *requests = NULL;
    cutover_backup *archive = NULL;
    cutover_backup_list *backups = NULL;
    cutover_promotion *job = NULL;
    cutover_preflight *preflight = NULL;
    const cutover_rollback_options rollback = CUTOVER_ROLLBACK_OPTIONS_INIT;
    const cutover_restore_options restore = CUTOVER_RESTORE_OPTIONS_INIT;
    const cutover_filter filter = CUTOVER_FILTER_INIT;
    cutover_rollback *back = NULL;
    cutover_restore *into = NULL;
    cutover_backup_job *taking = NULL;
    cutover_job *known = NULL;
    cutover_job_list *known_jobs = NULL;
    char *json = NULL, path[64];

    (void)state;
    const cutover_status statuses[] = {
        cutover_request_create(NULL, &request, &one, NULL),
        cutover_request_get(NULL, "r", &one, NULL),
        cutover_requests_list(NULL, "p", NULL, 1, &requests, NULL),
        agree(NULL, actor, "r", NULL, 0, &one, NULL),
        cutover_request_reject(NULL, actor, "r", "no", &one, NULL),
        cutover_request_cancel(NULL, actor, "r", &one, NULL),
        cutover_request_set_ticket(NULL, actor, "r", "T", &one, NULL),
        cutover_preflight_run(NULL, actor, "r", 0, &preflight, NULL),
        cutover_promotion_start(NULL, &promotion, &job, NULL),
        cutover_promotion_release(NULL, actor, "r", NULL),
        cutover_promotion_show(NULL, "r", &json, NULL),
        cutover_promotion_run(NULL, NULL),
        cutover_backup_create(NULL, &backup, &archive, NULL),
        cutover_backup_verify(NULL, &backup, "b", &archive, NULL),
        cutover_backup_get(NULL, "b", &archive, NULL),
        cutover_backups_list(NULL, "p", NULL, 1, &backups, NULL),
        cutover_backup_delete(NULL, actor, "b", NULL),
        cutover_backup_path(NULL, "b", path, sizeof path, NULL),
        cutover_audit_list(NULL, "p", NULL, 1, NULL, NULL, NULL),
        cutover_events_deliver(NULL, NULL, NULL, NULL),
        cutover_events_list(NULL, NULL, NULL, NULL, NULL),
        cutover_events_retry(NULL, &selection, NULL, NULL),
        cutover_events_discard(NULL, &selection, NULL, NULL),
        cutover_request_reschedule(NULL, actor, "r", 0, &one, NULL),
        cutover_requests_find(NULL, &filter, &requests, NULL),
        cutover_preflight_preview(NULL, actor, "p", "v", 0, &preflight, NULL),
        cutover_rollback_start(NULL, &rollback, &back, NULL),
        cutover_restore_start(NULL, &restore, &into, NULL),
        cutover_backup_start(NULL, &backup, &taking, NULL),
        cutover_backup_verify_start(NULL, &backup, "b", &taking, NULL),
        cutover_backups_find(NULL, &filter, &backups, NULL),
        cutover_job_get(NULL, "j", &known, NULL),
        cutover_jobs_list(NULL, "p", NULL, 1, &known_jobs, NULL),
        cutover_jobs_find(NULL, &filter, &known_jobs, NULL),
        cutover_job_cancel(NULL, actor, "j", NULL),
        cutover_rollback_run(NULL, NULL),
        cutover_restore_run(NULL, NULL),
        cutover_backup_job_run(NULL, NULL),
        cutover_displaced_list(NULL, "p", NULL, NULL, NULL),
        cutover_displaced_drop(NULL, actor, "p", "d", NULL),
        cutover_recover(NULL, NULL, NULL, NULL, NULL),
    };
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++)
        if (statuses[i] != CUTOVER_E_INVALID)
            fail_msg("call %zu: %s", i, cutover_status_name(statuses[i]));
    assert_true(back == NULL && into == NULL && taking == NULL && known == NULL && known_jobs == NULL);
    assert_null(one);
    assert_null(requests);
    assert_null(archive);
    assert_null(backups);
    assert_null(job);
    assert_null(preflight);
    assert_null(json);
}

static void every_call_refuses_null_arguments(void **state)
{
    const cutover_actor *actor = &operator_actor;
    cutover_engine *engine = engine_of(*state);
    cutover_request *one = NULL;
    cutover_request_list *requests = NULL;
    cutover_backup *archive = NULL;
    cutover_backup_list *backups = NULL;
    cutover_promotion *job = NULL;
    cutover_preflight *preflight = NULL;
    const cutover_filter filter = CUTOVER_FILTER_INIT;
    const cutover_backup_options backup = {
        .version = CUTOVER_BACKUP_OPTIONS_VERSION, .actor = actor, .project_id = "p"};
    cutover_rollback *back = NULL;
    cutover_restore *into = NULL;
    cutover_backup_job *taking = NULL;
    cutover_job *known = NULL;
    cutover_job_list *known_jobs = NULL;
    char *json = NULL, path[64];

    const cutover_status statuses[] = {
        cutover_request_create(engine, NULL, &one, NULL),
        cutover_request_get(engine, NULL, &one, NULL),
        cutover_request_get(engine, "", &one, NULL),
        cutover_request_get(engine, "r", NULL, NULL),
        cutover_requests_list(engine, "", NULL, 1, &requests, NULL),
        cutover_requests_list(engine, "p", NULL, 1, NULL, NULL),
        agree(engine, NULL, "r", NULL, 0, &one, NULL),
        agree(engine, actor, NULL, NULL, 0, &one, NULL),
        cutover_request_reject(engine, actor, "r", NULL, &one, NULL),
        cutover_request_reject(engine, NULL, "r", "no", &one, NULL),
        cutover_request_cancel(engine, NULL, "r", &one, NULL),
        cutover_request_set_ticket(engine, NULL, "r", "T", &one, NULL),
        cutover_request_set_ticket(engine, actor, "r", NULL, &one, NULL),
        cutover_preflight_run(engine, NULL, "r", 0, &preflight, NULL),
        cutover_preflight_run(engine, actor, NULL, 0, &preflight, NULL),
        cutover_preflight_run(engine, actor, "r", 0, NULL, NULL),
        cutover_promotion_start(engine, NULL, &job, NULL),
        cutover_promotion_release(engine, NULL, "r", NULL),
        cutover_promotion_release(engine, actor, NULL, NULL),
        cutover_promotion_show(engine, NULL, &json, NULL),
        cutover_promotion_show(engine, "r", NULL, NULL),
        cutover_backup_create(engine, NULL, &archive, NULL),
        cutover_backup_verify(engine, NULL, "b", &archive, NULL),
        cutover_backup_get(engine, NULL, &archive, NULL),
        cutover_backup_get(engine, "b", NULL, NULL),
        cutover_backups_list(engine, "", NULL, 1, &backups, NULL),
        cutover_backups_list(engine, "p", NULL, 1, NULL, NULL),
        cutover_backup_delete(engine, NULL, "b", NULL),
        cutover_backup_delete(engine, actor, NULL, NULL),
        cutover_backup_path(engine, NULL, path, sizeof path, NULL),
        cutover_backup_path(engine, "b", NULL, 10, NULL),
        cutover_audit_list(engine, "p", NULL, 1, NULL, NULL, NULL),
        cutover_events_list(engine, NULL, NULL, NULL, NULL),
        cutover_events_retry(engine, NULL, NULL, NULL),
        cutover_events_retry(engine, &(cutover_event_selection){1, NULL, "hook", "p", 1, 1}, NULL, NULL),
        cutover_events_retry(engine, &(cutover_event_selection){1, actor, NULL, "p", 1, 1}, NULL, NULL),
        cutover_events_discard(engine, &(cutover_event_selection){1, actor, "hook", "", 1, 1}, NULL, NULL),
        cutover_events_discard(engine, &(cutover_event_selection){1, actor, "two words", "p", 1, 1}, NULL,
                               NULL),
        cutover_request_reschedule(engine, NULL, "r", 0, &one, NULL),
        cutover_request_reschedule(engine, actor, NULL, 0, &one, NULL),
        cutover_requests_find(engine, NULL, &requests, NULL),
        cutover_requests_find(engine, &filter, NULL, NULL),
        cutover_preflight_preview(engine, NULL, "p", "v", 0, &preflight, NULL),
        cutover_preflight_preview(engine, actor, NULL, "v", 0, &preflight, NULL),
        cutover_preflight_preview(engine, actor, "p", NULL, 0, &preflight, NULL),
        cutover_preflight_preview(engine, actor, "p", "v", 65, &preflight, NULL),
        cutover_preflight_preview(engine, actor, "p", "v", 0, NULL, NULL),
        cutover_rollback_start(engine, NULL, &back, NULL),
        cutover_rollback_start(engine, &(cutover_rollback_options)CUTOVER_ROLLBACK_OPTIONS_INIT, &back, NULL),
        cutover_restore_start(engine, NULL, &into, NULL),
        cutover_restore_start(engine, &(cutover_restore_options)CUTOVER_RESTORE_OPTIONS_INIT, &into, NULL),
        cutover_backup_start(engine, NULL, &taking, NULL),
        cutover_backup_start(engine, &backup, NULL, NULL),
        cutover_backup_verify_start(engine, &backup, NULL, &taking, NULL),
        cutover_backup_verify_start(engine, &backup, "b", NULL, NULL),
        cutover_backups_find(engine, &filter, NULL, NULL),
        cutover_backup_path(engine, "b", path, 0, NULL),
        cutover_job_get(engine, NULL, &known, NULL),
        cutover_job_get(engine, "j", NULL, NULL),
        cutover_jobs_list(engine, "p", NULL, 1, NULL, NULL),
        cutover_jobs_find(engine, NULL, &known_jobs, NULL),
        cutover_jobs_find(engine, &filter, NULL, NULL),
        cutover_job_cancel(engine, NULL, "j", NULL),
        cutover_job_cancel(engine, actor, NULL, NULL),
        cutover_displaced_list(engine, "p", NULL, NULL, NULL),
        cutover_displaced_drop(engine, NULL, "p", "d", NULL),
        cutover_displaced_drop(engine, actor, "p", NULL, NULL),
    };
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++)
        if (statuses[i] != CUTOVER_E_INVALID)
            fail_msg("call %zu: %s", i, cutover_status_name(statuses[i]));
    cutover_engine_free(engine);
}

static void options_of_calls_have_versions_too(void **state)
{
    cutover_engine *engine = engine_of(*state);
    cutover_request_options request = CUTOVER_REQUEST_OPTIONS_INIT;
    cutover_backup_options backup = CUTOVER_BACKUP_OPTIONS_INIT;
    cutover_promotion_options promotion = CUTOVER_PROMOTION_OPTIONS_INIT;
    cutover_promotion *job = NULL;
    cutover_error *error = NULL;

    request.version = backup.version = promotion.version = 99;
    check_status(cutover_request_create(engine, &request, NULL, &error), CUTOVER_E_UNSUPPORTED, error);
    check_status(cutover_backup_create(engine, &backup, NULL, &error), CUTOVER_E_UNSUPPORTED, error);
    check_status(cutover_backup_verify(engine, &backup, "b", NULL, &error), CUTOVER_E_UNSUPPORTED, error);
    check_status(cutover_promotion_start(engine, &promotion, &job, &error), CUTOVER_E_UNSUPPORTED, error);
    cutover_engine_free(engine);
}

static void bounds_of_numbers_are_checked(void **state)
{
    cutover_engine *engine = engine_of(*state);
    cutover_backup_options backup = CUTOVER_BACKUP_OPTIONS_INIT;
    cutover_promotion_options promotion = CUTOVER_PROMOTION_OPTIONS_INIT;
    cutover_request_list *requests = NULL;
    cutover_promotion *job = NULL;
    cutover_error *error = NULL;

    check_status(cutover_requests_list(engine, "p", NULL, 0, &requests, &error), CUTOVER_E_INVALID, error);
    check_status(cutover_requests_list(engine, "p", NULL, 1001, &requests, &error), CUTOVER_E_INVALID, error);
    backup.actor = promotion.actor = &operator_actor;
    backup.project_id = "p";
    promotion.request_id = "r";
    backup.jobs = promotion.jobs = 65;
    check_status(cutover_backup_create(engine, &backup, NULL, &error), CUTOVER_E_INVALID, error);
    check_status(cutover_promotion_start(engine, &promotion, &job, &error), CUTOVER_E_INVALID, error);
    backup.jobs = promotion.jobs = 64;
    check_status(cutover_backup_create(engine, &backup, NULL, &error), CUTOVER_E_NOT_FOUND, error);
    check_status(cutover_promotion_start(engine, &promotion, &job, &error), CUTOVER_E_NOT_FOUND, error);
    backup.verify = promotion.verify = (cutover_verify_method)3;
    check_status(cutover_backup_create(engine, &backup, NULL, &error), CUTOVER_E_INVALID, error);
    check_status(cutover_promotion_start(engine, &promotion, &job, &error), CUTOVER_E_INVALID, error);
    cutover_engine_free(engine);
}

static void what_is_not_there_is_not_found(void **state)
{
    const cutover_actor *actor = &operator_actor;
    cutover_engine *engine = engine_of(*state);
    cutover_backup_options options = CUTOVER_BACKUP_OPTIONS_INIT;
    cutover_request *request = NULL;
    cutover_backup *backup = NULL;
    cutover_preflight *preflight = NULL;
    cutover_error *error = NULL;
    char *json = NULL, path[64];

    options.actor = actor;
    check_status(cutover_request_get(engine, "r", &request, &error), CUTOVER_E_NOT_FOUND, error);
    check_status(agree(engine, actor, "r", NULL, 0, NULL, &error), CUTOVER_E_NOT_FOUND, error);
    check_status(cutover_promotion_release(engine, actor, "r", &error), CUTOVER_E_NOT_FOUND, error);
    check_status(cutover_promotion_show(engine, "r", &json, &error), CUTOVER_E_NOT_FOUND, error);
    check_status(cutover_preflight_run(engine, actor, "r", 0, &preflight, &error), CUTOVER_E_NOT_FOUND, error);
    check_status(cutover_backup_get(engine, "b", &backup, &error), CUTOVER_E_NOT_FOUND, error);
    check_status(cutover_backup_verify(engine, &options, "b", NULL, &error), CUTOVER_E_NOT_FOUND, error);
    check_status(cutover_backup_delete(engine, actor, "b", &error), CUTOVER_E_NOT_FOUND, error);
    check_status(cutover_backup_path(engine, "b", path, sizeof path, &error), CUTOVER_E_NOT_FOUND, error);
    cutover_engine_free(engine);
}

static void empty_lists_are_empty(void **state)
{
    cutover_engine *engine = engine_of(*state);
    cutover_request_list *requests = NULL;
    cutover_backup_list *backups = NULL;
    cutover_error *error = NULL;

    check_ok(cutover_requests_list(engine, NULL, NULL, 1000, &requests, &error), error);
    check_ok(cutover_backups_list(engine, NULL, "", 1, &backups, &error), error);
    assert_int_equal(cutover_request_list_count(requests), 0);
    assert_null(cutover_request_list_at(requests, 0));
    assert_int_equal(cutover_backup_list_count(backups), 0);
    assert_null(cutover_backup_list_at(backups, 0));
    cutover_request_list_free(requests);
    cutover_backup_list_free(backups);
    cutover_engine_free(engine);
}

static cutover_status no_entry(const cutover_audit_entry *entry, void *context)
{
    (void)entry;
    (void)context;
    return CUTOVER_E_INTERNAL;
}

static cutover_status no_event(const cutover_event *event, void *context)
{
    (void)event;
    (void)context;
    return CUTOVER_E_INTERNAL;
}

static cutover_status no_leftover(const cutover_leftover *leftover, void *context)
{
    (void)leftover;
    (void)context;
    return CUTOVER_E_INTERNAL;
}

static cutover_status no_displaced(const cutover_displaced *displaced, void *context)
{
    (void)displaced;
    (void)context;
    return CUTOVER_E_INTERNAL;
}

/* A name that was mistyped is no project of which there is nothing. */
static void an_unknown_project_is_an_error_in_every_list(void **state)
{
    cutover_engine *engine = engine_of(*state);
    cutover_request_list *requests = NULL;
    cutover_backup_list *backups = NULL;
    cutover_job_list *jobs = NULL;
    cutover_error *error = NULL;

    check_status(cutover_requests_list(engine, "p", NULL, 10, &requests, &error), CUTOVER_E_NOT_FOUND, error);
    check_status(cutover_backups_list(engine, "p", NULL, 10, &backups, &error), CUTOVER_E_NOT_FOUND, error);
    check_status(cutover_jobs_list(engine, "p", NULL, 10, &jobs, &error), CUTOVER_E_NOT_FOUND, error);
    check_status(cutover_audit_list(engine, "p", NULL, 10, no_entry, NULL, &error), CUTOVER_E_NOT_FOUND, error);
    check_status(cutover_events_list(engine, "p", no_event, NULL, &error), CUTOVER_E_NOT_FOUND, error);
    check_status(cutover_leftovers_list(engine, "p", no_leftover, NULL, &error), CUTOVER_E_NOT_FOUND, error);
    check_status(cutover_displaced_list(engine, "p", no_displaced, NULL, &error), CUTOVER_E_NOT_FOUND, error);
    cutover_engine_free(engine);
}

static void every_free_takes_null(void **state)
{
    (void)state;
    cutover_engine_free(NULL);
    cutover_error_free(NULL);
    cutover_request_free(NULL);
    cutover_request_list_free(NULL);
    cutover_backup_free(NULL);
    cutover_backup_list_free(NULL);
    cutover_promotion_free(NULL);
    cutover_preflight_free(NULL);
    cutover_registry_free(NULL);
    cutover_string_free(NULL);
    cutover_store_close(NULL);
    cutover_repository_close(NULL);
    cutover_notifier_close(NULL);
    cutover_promotion_cancel(NULL);
    assert_null(cutover_promotion_id(NULL));
    assert_null(cutover_promotion_report(NULL));
    assert_null(cutover_promotion_preflight(NULL));
    assert_int_equal(cutover_request_list_count(NULL), 0);
    assert_null(cutover_request_list_at(NULL, 0));
    assert_int_equal(cutover_backup_list_count(NULL), 0);
    assert_null(cutover_backup_list_at(NULL, 0));
}

/* ---- running a job ---- */

/* An acked request whose servers are not there. */
static char *acked_request(struct ports *ports, cutover_engine *engine)
{
    cutover_project project = CUTOVER_PROJECT_INIT;
    cutover_preview preview = CUTOVER_PREVIEW_INIT;
    cutover_request_options options = CUTOVER_REQUEST_OPTIONS_INIT;
    cutover_request *request = NULL;
    cutover_error *error = NULL;

    project.id = "shop";
    project.database = "host=/nonexistent dbname=shop";
    preview.id = "next";
    preview.project_id = "shop";
    preview.database = "host=/nonexistent dbname=next";
    check_ok(cutover_registry_project_add(ports->registry, &project, &error), error);
    check_ok(cutover_registry_preview_add(ports->registry, &preview, &error), error);
    options.actor = &(cutover_actor){CUTOVER_ACTOR_VERSION, "carla", CUTOVER_ACTOR_USER, CUTOVER_ROLE_MEMBER};
    options.project_id = "shop";
    options.preview_id = "next";
    options.external_ticket_ref = "T-1";
    check_ok(cutover_request_create(engine, &options, &request, &error), error);
    char *id = strdup(cutover_request_id(request));
    cutover_request_free(request);
    check_ok(agree(engine, &operator_actor, id, NULL, 0, NULL, &error), error);
    return id;
}

static void what_is_asked_of_nothing_has_an_answer(void **state)
{
    cutover_progress progress = CUTOVER_PROGRESS_INIT;

    (void)state;
    assert_null(cutover_job_kind(NULL));
    assert_null(cutover_job_status(NULL));
    assert_int_equal(cutover_job_is_over(NULL), 0);
    assert_null(cutover_job_project_id(NULL));
    assert_null(cutover_job_request_id(NULL));
    assert_int_equal(cutover_job_created_at(NULL), 0);
    assert_int_equal(cutover_job_renewed_at(NULL), 0);
    assert_int_equal(cutover_job_version(NULL), 0);
    assert_null(cutover_job_json(NULL));
    assert_null(cutover_job_report(NULL));
    assert_int_equal(cutover_job_progress(NULL, &progress), CUTOVER_E_INVALID);
    assert_int_equal(cutover_job_list_count(NULL), 0);
    assert_null(cutover_job_list_at(NULL, 0));
    assert_int_equal(cutover_preflight_severity(NULL), CUTOVER_SEVERITY_BLOCK);
    assert_int_equal(cutover_preflight_count(NULL), 0);
    assert_null(cutover_preflight_at(NULL, 0));
    assert_null(cutover_preflight_json(NULL));
    assert_int_equal(cutover_rollback_writes(NULL), CUTOVER_WRITES_UNKNOWN);
    assert_string_equal(cutover_writes_name((cutover_writes)99), "?");
    assert_int_equal(cutover_rollback_progress(NULL, &progress), CUTOVER_E_INVALID);
    assert_int_equal(cutover_restore_progress(NULL, &progress), CUTOVER_E_INVALID);
    assert_int_equal(cutover_backup_job_progress(NULL, &progress), CUTOVER_E_INVALID);
    assert_null(cutover_rollback_id(NULL));
    assert_null(cutover_rollback_report(NULL));
    assert_null(cutover_restore_report(NULL));
    assert_null(cutover_backup_job_id(NULL));
}

static void a_job_runs_once(void **state)
{
    cutover_engine *engine = engine_of(*state);
    char *id = acked_request(*state, engine);
    cutover_promotion_options options = CUTOVER_PROMOTION_OPTIONS_INIT;
    cutover_promotion *job = NULL;
    cutover_error *error = NULL;
    cutover_progress progress = CUTOVER_PROGRESS_INIT;

    options.actor = &operator_actor;
    options.request_id = id;
    check_ok(cutover_promotion_start(engine, &options, &job, &error), error);
    assert_null(cutover_promotion_report(job));
    assert_int_equal(strlen(cutover_promotion_id(job)), 36);
    assert_null(cutover_promotion_preflight(job));
    cutover_promotion_progress(job, &progress);
    assert_string_equal(progress.step, "preflight");
    assert_true(progress.seconds_left < 0);

    check_status(cutover_promotion_run(job, &error), CUTOVER_E_PREFLIGHT, error);
    assert_non_null(cutover_promotion_report(job));
    check_contains(cutover_promotion_report(job), "\"refused\"");
    assert_int_equal(strlen(cutover_promotion_id(job)), 36);
    assert_non_null(cutover_promotion_preflight(job));
    assert_int_equal(cutover_preflight_severity(cutover_promotion_preflight(job)), CUTOVER_SEVERITY_BLOCK);

    check_status_keep(cutover_promotion_run(job, &error), CUTOVER_E_INVALID, error);
    check_contains(cutover_error_message(error), "once");
    cutover_error_free(error);
    cutover_promotion_free(job);
    free(id);
    cutover_engine_free(engine);
}

/* Refused before anything was changed: the request can be promoted again. */
static void a_refused_job_leaves_the_request_acked(void **state)
{
    cutover_engine *engine = engine_of(*state);
    char *id = acked_request(*state, engine);
    cutover_promotion_options options = CUTOVER_PROMOTION_OPTIONS_INIT;
    cutover_request *request = NULL;
    cutover_error *error = NULL;

    options.actor = &operator_actor;
    options.request_id = id;
    for (int i = 0; i < 2; i++) {
        cutover_promotion *job = NULL;
        check_ok(cutover_promotion_start(engine, &options, &job, &error), error);
        check_status(cutover_promotion_run(job, &error), CUTOVER_E_PREFLIGHT, error);
        cutover_promotion_free(job);
    }
    check_ok(cutover_request_get(engine, id, &request, &error), error);
    assert_string_equal(cutover_request_status(request), "acked");
    cutover_request_free(request);
    free(id);
    cutover_engine_free(engine);
}

static void a_job_that_was_cancelled_before_it_ran_ends_at_once(void **state)
{
    cutover_engine *engine = engine_of(*state);
    char *id = acked_request(*state, engine);
    cutover_promotion_options options = CUTOVER_PROMOTION_OPTIONS_INIT;
    cutover_promotion *job = NULL;
    cutover_error *error = NULL;

    options.actor = &operator_actor;
    options.request_id = id;
    check_ok(cutover_promotion_start(engine, &options, &job, &error), error);
    cutover_promotion_cancel(job);
    check_status_keep(cutover_promotion_run(job, &error), CUTOVER_E_CANCELLED, error);
    assert_string_equal(cutover_error_step(error), "preflight");
    cutover_error_free(error);
    check_contains(cutover_promotion_report(job), "\"cancelled\"");
    cutover_promotion_free(job);
    free(id);
    cutover_engine_free(engine);
}

/* All findings at once: neither server is reached, and both are named. */
static void preflight_tells_all_that_it_finds(void **state)
{
    cutover_engine *engine = engine_of(*state);
    char *id = acked_request(*state, engine);
    cutover_preflight *preflight = NULL;
    cutover_error *error = NULL;
    int seen = 0;

    check_ok(cutover_preflight_run(engine, &operator_actor, id, 0, &preflight, &error), error);
    assert_int_equal(cutover_preflight_severity(preflight), CUTOVER_SEVERITY_BLOCK);
    for (size_t i = 0; i < cutover_preflight_count(preflight); i++) {
        const cutover_finding *finding = cutover_preflight_at(preflight, i);
        if (strcmp(finding->check, "production.connection") == 0)
            seen |= 1;
        if (strcmp(finding->check, "preview.connection") == 0)
            seen |= 2;
        if (strcmp(finding->check, "request.rules") == 0)
            seen |= 4;
        check_contains(cutover_preflight_json(preflight), finding->check);
        assert_non_null(finding->message);
    }
    assert_int_equal(seen, 7);
    assert_null(cutover_preflight_at(preflight, cutover_preflight_count(preflight)));
    cutover_preflight_free(preflight);
    free(id);
    cutover_engine_free(engine);
}

static void severities_have_names(void **state)
{
    (void)state;
    assert_string_equal(cutover_severity_name(CUTOVER_SEVERITY_OK), "ok");
    assert_string_equal(cutover_severity_name(CUTOVER_SEVERITY_WARN), "warn");
    assert_string_equal(cutover_severity_name(CUTOVER_SEVERITY_BLOCK), "block");
    assert_string_equal(cutover_severity_name((cutover_severity)9), "?");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_ports, close_ports)

/* ---- a store with limits ---- */

static cutover_status (*behind_list)(const char *kind, const char *project_id, const char *after_id,
                                     uint32_t limit, cutover_document_emit emit, void *context,
                                     cutover_error **error, void *userdata);
static unsigned lists;

static cutover_status list_ten(const char *kind, const char *project_id, const char *after_id, uint32_t limit,
                               cutover_document_emit emit, void *context, cutover_error **error, void *userdata)
{
    lists++;
    assert_in_range(limit, 1, 10);
    return behind_list(kind, project_id, after_id, limit, emit, context, error, userdata);
}

static cutover_status count_entries(const cutover_audit_entry *entry, void *context)
{
    (void)entry;
    ++*(unsigned *)context;
    return CUTOVER_OK;
}

static cutover_status count_events(const cutover_event *event, void *context)
{
    (void)event;
    ++*(unsigned *)context;
    return CUTOVER_OK;
}

static void every_list_keeps_to_what_the_store_takes(void **state)
{
    struct ports *ports = *state;
    cutover_request_list *requests = NULL;
    cutover_backup_list *backups = NULL;
    cutover_error *error = NULL;
    unsigned entries = 0, events = 0;

    behind_list = ports->store.list;
    ports->store.list = list_ten;
    ports->store.max_list = 10;
    cutover_engine *engine = engine_of(ports);
    char *id = acked_request(ports, engine);
    check_ok(cutover_audit_list(engine, "shop", NULL, 1000, count_entries, &entries, &error), error);
    check_ok(cutover_events_list(engine, "shop", count_events, &events, &error), error);
    check_ok(cutover_requests_list(engine, "shop", NULL, 1000, &requests, &error), error);
    check_ok(cutover_backups_list(engine, "shop", NULL, 1000, &backups, &error), error);
    check_ok(cutover_recover(engine, NULL, NULL, NULL, &error), error);
    check_ok(cutover_events_deliver(engine, NULL, NULL, &error), error);
    assert_true(entries >= 2 && events >= 2);
    assert_int_equal(cutover_request_list_count(requests), 1);
    assert_true(lists >= 5);
    cutover_request_list_free(requests);
    cutover_backup_list_free(backups);
    free(id);
    cutover_engine_free(engine);
}

/* ---- a newer version of the library on the same store ---- */

static void put_document(const struct ports *ports, const char *kind, const char *id, const char *body)
{
    const cutover_write write = {CUTOVER_WRITE_VERSION, kind, id, "shop", 0, body};
    cutover_error *error = NULL;

    check_ok(ports->store.commit(&(const cutover_write *){&write}, 1, &error, ports->store.userdata), error);
}

static cutover_status note_job(const cutover_recovery *recovery, void *context)
{
    snprintf(context, 64, "%s", recovery->job_id);
    return CUTOVER_OK;
}

/* Nor does it keep recovery from the others. */
static void a_lease_of_a_newer_format_is_left_alone(void **state)
{
    const struct ports *ports = *state;
    cutover_engine *engine = engine_of(*state);
    cutover_error *error = NULL;
    char job[64] = "";

    put_document(ports, "lease", "a-job",
                 "{\"format\":2,\"job_id\":\"a-job\",\"project_id\":\"shop\",\"job\":\"promotion\"}");
    put_document(ports, "lease", "b-job",
                 "{\"job_id\":\"b-job\",\"project_id\":\"shop\",\"job\":\"promotion\","
                 "\"expires_at\":\"2099-01-01T00:00:00.000000Z\"}");
    check_status_keep(cutover_recover(engine, NULL, note_job, job, &error), CUTOVER_E_UNSUPPORTED, error);
    check_contains(cutover_error_message(error), "lease: it was written by a newer version of the library");
    assert_string_equal(job, "b-job");
    cutover_error_free(error);
    cutover_engine_free(engine);
}

/* ---- what nobody knows is not what is settled ---- */

static cutover_status note_left(const cutover_leftover *leftover, void *context)
{
    char *said = context;

    snprintf(said + strlen(said), 64 - strlen(said), "%s of %s;", leftover->id, leftover->project_id);
    return CUTOVER_OK;
}

static void recovery_of_an_unknown_project_is_refused(void **state)
{
    cutover_engine *engine = engine_of(*state);
    cutover_error *error = NULL;
    char job[64] = "";

    check_status(cutover_recover(engine, "nope", NULL, NULL, &error), CUTOVER_E_NOT_FOUND, error);
    check_status(cutover_recover(engine, "", NULL, NULL, &error), CUTOVER_E_INVALID, error);
    check_status(cutover_project_look(engine, "nope", note_job, job, &error), CUTOVER_E_NOT_FOUND, error);
    check_status(cutover_project_look(engine, "", note_job, job, &error), CUTOVER_E_INVALID, error);
    check_status(cutover_leftovers_list(engine, "nope", note_left, job, &error), CUTOVER_E_NOT_FOUND, error);
    check_status(cutover_leftovers_list(engine, "", note_left, job, &error), CUTOVER_E_INVALID, error);
    cutover_engine_free(engine);
}

static void what_abandoned_jobs_left_is_listed_of_all_projects(void **state)
{
    const struct ports *ports = *state;
    cutover_engine *engine = engine_of(*state);
    cutover_error *error = NULL;
    char said[64] = "";

    put_document(ports, "leftover", "a:door",
                 "{\"id\":\"a:door\",\"project_id\":\"shop\",\"job_id\":\"a\",\"kind\":\"door\"}");
    put_document(ports, "leftover", "b:other",
                 "{\"id\":\"b:other\",\"project_id\":\"gone\",\"job_id\":\"b\",\"kind\":\"other\"}");
    check_ok(cutover_leftovers_list(engine, NULL, note_left, said, &error), error);
    assert_string_equal(said, "a:door of shop;b:other of gone;");
    cutover_engine_free(engine);
}

/* ---- an abandoning that fails ---- */

static cutover_status (*behind_commit)(const cutover_write *const *writes, size_t count, cutover_error **error,
                                       void *userdata);

static cutover_status commit_leases_only(const cutover_write *const *writes, size_t count,
                                         cutover_error **error, void *userdata)
{
    if (strcmp(writes[0]->kind, "lease") == 0)
        return behind_commit(writes, count, error, userdata);
    *error = cutover_error_new(CUTOVER_E_STORE, "the disk is full", NULL, NULL);
    return CUTOVER_E_STORE;
}

static void an_abandoning_that_fails_says_of_what(void **state)
{
    struct ports *ports = *state;
    cutover_abandon_options options = CUTOVER_ABANDON_OPTIONS_INIT;
    cutover_error *error = NULL;
    char job[64] = "";

    put_document(ports, "promotion", "a-job",
                 "{\"id\":\"a-job\",\"kind\":\"promotion\",\"project_id\":\"shop\",\"status\":\"stage\","
                 "\"started_by_actor_id\":\"olga\",\"started_by_actor_kind\":\"operator\"}");
    put_document(ports, "lease", "a-job",
                 "{\"job_id\":\"a-job\",\"project_id\":\"shop\",\"job\":\"promotion\",\"released\":true}");
    behind_commit = ports->store.commit;
    ports->store.commit = commit_leases_only;
    cutover_engine *engine = engine_of(ports);
    options.actor = &operator_actor;
    options.job_id = "a-job";
    options.reason = "gone";
    options.confirm = 1;
    check_status_keep(cutover_recover_abandon(engine, &options, note_job, job, &error), CUTOVER_E_STORE, error);
    check_contains(cutover_error_message(error), "job a-job could not be abandoned: ");
    assert_string_equal(job, "a-job");
    cutover_error_free(error);
    cutover_engine_free(engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(init_macros_and_functions_agree),
        TEST(unknown_versions_of_options_are_refused),
        TEST(engine_is_made_and_freed),
        TEST(notifier_is_optional),
        TEST(notifiers_have_names_of_their_own),
        TEST(what_is_no_notifier_is_refused_by_place),
        TEST(options_of_another_version_are_refused),
        TEST(unknown_policy_is_refused),
        TEST(volatile_store_needs_the_policy),
        TEST(ports_of_another_version_are_refused),
        TEST(missing_ports_are_refused),
        TEST(missing_members_are_refused_by_name),
        TEST(repository_that_patches_can_open_and_write),
        TEST(traffic_hooks_come_in_pairs),
        TEST(null_outputs_are_refused),
        TEST(options_are_copied),
        TEST(every_call_refuses_no_engine),
        TEST(every_call_refuses_null_arguments),
        TEST(options_of_calls_have_versions_too),
        TEST(bounds_of_numbers_are_checked),
        TEST(what_is_not_there_is_not_found),
        TEST(empty_lists_are_empty),
        TEST(an_unknown_project_is_an_error_in_every_list),
        TEST(every_free_takes_null),
        TEST(what_is_asked_of_nothing_has_an_answer),
        TEST(a_job_runs_once),
        TEST(every_list_keeps_to_what_the_store_takes),
        TEST(recovery_of_an_unknown_project_is_refused),
        TEST(an_abandoning_that_fails_says_of_what),
        TEST(what_abandoned_jobs_left_is_listed_of_all_projects),
        TEST(a_lease_of_a_newer_format_is_left_alone),
        TEST(a_refused_job_leaves_the_request_acked),
        TEST(a_job_that_was_cancelled_before_it_ran_ends_at_once),
        TEST(preflight_tells_all_that_it_finds),
        TEST(severities_have_names),
    };

    return cmocka_run_group_tests_name("engine", tests, NULL, NULL);
}
