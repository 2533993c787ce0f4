/*
 * Hosts that were built with older headers: their structs are shorter. Each version of each port and of each option struct goes
 * through a real engine, in memory that ends where the struct ends: a byte read or written behind it is a fault.
 */
#include "support/check.h"
#include "unit/first_version.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* `size` bytes in front of a page that nobody may touch. They stay until the program ends. */
static void *at_the_end(size_t size)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    assert_ptr_not_equal(pages, MAP_FAILED);
    assert_int_equal(mprotect(pages + page, page, PROT_NONE), 0);
    memset(pages, 0xa5, page);
    return pages + page - size;
}

/* old_NAME(version): that struct as its _init function makes it, with the size that it had in that version, or in the newest
   one when there is none as high. Whoever appends a member puts the size that the version before had in front of the last. */
#define OLD(name, NAME, ...)                                                                                   \
    static cutover_##name *old_##name(unsigned version)                                                        \
    {                                                                                                          \
        static const size_t sizes[] = {__VA_ARGS__};                                                           \
        _Static_assert(sizeof(sizes) / sizeof(*sizes) == CUTOVER_##NAME##_VERSION,                             \
                       "the size of a version of cutover_" #name " is missing here");                          \
        if (version > CUTOVER_##NAME##_VERSION)                                                                \
            version = CUTOVER_##NAME##_VERSION;                                                                \
        cutover_##name *made = at_the_end(sizes[version - 1]);                                                 \
        assert_int_equal(cutover_##name##_init(made, version), CUTOVER_OK);                                    \
        assert_int_equal(made->version, version);                                                              \
        return made;                                                                                           \
    }

OLD(store, STORE, sizeof(struct store_1), sizeof(cutover_store))
OLD(repository, REPOSITORY, sizeof(struct repository_1), offsetof(cutover_repository, free_bytes),
    offsetof(cutover_repository, patch), sizeof(cutover_repository))
OLD(platform, PLATFORM, sizeof(struct platform_1), offsetof(cutover_platform, preview_extend),
    sizeof(cutover_platform))
OLD(notifier, NOTIFIER, sizeof(struct notifier_1), sizeof(cutover_notifier))
OLD(named_notifier, NAMED_NOTIFIER, sizeof(struct named_notifier_1))
OLD(delivery_options, DELIVERY_OPTIONS, sizeof(struct delivery_options_1))
OLD(delivery, DELIVERY, sizeof(struct delivery_1))
OLD(actor, ACTOR, sizeof(struct actor_1))
OLD(progress, PROGRESS, sizeof(struct progress_1), sizeof(cutover_progress))
OLD(engine_options, ENGINE_OPTIONS, sizeof(struct engine_options_1))
OLD(request_options, REQUEST_OPTIONS, sizeof(struct request_options_1), sizeof(cutover_request_options))
OLD(request_ack_options, REQUEST_ACK_OPTIONS, sizeof(struct request_ack_options_1),
    sizeof(cutover_request_ack_options))
OLD(promotion_options, PROMOTION_OPTIONS, sizeof(struct promotion_options_1),
    offsetof(cutover_promotion_options, if_version), sizeof(cutover_promotion_options))
OLD(backup_options, BACKUP_OPTIONS, sizeof(struct backup_options_1))
OLD(restore_options, RESTORE_OPTIONS, sizeof(struct restore_options_1), sizeof(cutover_restore_options))
OLD(project, PROJECT, sizeof(struct project_1), offsetof(cutover_project, pgbouncers),
    offsetof(cutover_project, hold_fence), sizeof(cutover_project))
OLD(rollback_options, ROLLBACK_OPTIONS, sizeof(struct rollback_options_1), sizeof(cutover_rollback_options))

/* The highest version that any of them has. */
#define NEWEST 4

struct host {
    unsigned version;
    char folder[64];
    cutover_store *store;
    cutover_repository *repository;
    cutover_registry *registry;
    cutover_platform *platform;
    cutover_notifier *notifier;
    cutover_engine *engine;
    unsigned delivered;
};

static cutover_status deliver(const cutover_event *event, cutover_refusal *refusal, cutover_error **error,
                              void *userdata)
{
    (void)event;
    (void)refusal;
    (void)error;
    ((struct host *)userdata)->delivered++;
    return CUTOVER_OK;
}

static void keep(void *userdata)
{
    (void)userdata;
}

static void add_inventory(struct host *host)
{
    cutover_project *project = old_project(host->version);
    cutover_preview preview = CUTOVER_PREVIEW_INIT;
    cutover_error *error = NULL;

    project->id = "shop";
    project->database = "host=/nowhere dbname=shop";
    preview.id = "next";
    preview.project_id = "shop";
    preview.database = "host=/nowhere dbname=next";
    check_ok(cutover_registry_project_add(host->registry, project, &error), error);
    check_ok(cutover_registry_preview_add(host->registry, &preview, &error), error);
}

static void host_open(struct host *host, unsigned version)
{
    cutover_engine_options *options = old_engine_options(version);
    cutover_error *error = NULL;

    *host = (struct host){.version = version};
    snprintf(host->folder, sizeof(host->folder), "/tmp/older-hosts-XXXXXX");
    assert_non_null(mkdtemp(host->folder));
    host->store = old_store(version);
    host->repository = old_repository(version);
    host->platform = old_platform(version);
    host->notifier = old_notifier(version);
    check_ok(cutover_store_memory_open(host->store, &error), error);
    check_ok(cutover_repository_directory_open(host->folder, host->repository, &error), error);
    check_ok(cutover_registry_open(host->store, &host->registry, &error), error);
    check_ok(cutover_registry_platform(host->registry, host->platform, &error), error);
    host->notifier->userdata = host;
    host->notifier->deliver = deliver;
    host->notifier->close = keep;
    options->store = host->store;
    options->repository = host->repository;
    options->platform = host->platform;
    cutover_named_notifier *named = old_named_notifier(version);
    named->name = "host";
    named->notifier = host->notifier;
    options->notifiers = (const cutover_named_notifier *const[]){named};
    options->notifier_count = 1;
    options->policy = CUTOVER_POLICY_VOLATILE_STORE;
    check_ok(cutover_engine_new(options, &host->engine, &error), error);
    add_inventory(host);
}

static void host_close(struct host *host)
{
    const cutover_store *store = host->store;

    cutover_engine_free(host->engine);
    cutover_registry_free(host->registry);
    cutover_notifier_close(host->notifier);
    cutover_repository_close(host->repository);
    cutover_store_close(host->store);
    assert_null(store->get);
    assert_null(store->userdata);
    assert_int_equal(store->version,
                     host->version < CUTOVER_STORE_VERSION ? host->version : CUTOVER_STORE_VERSION);
    assert_int_equal(rmdir(host->folder), 0);
}

static cutover_actor *somebody(const struct host *host, const char *id, uint32_t roles)
{
    cutover_actor *actor = old_actor(host->version);

    actor->id = id;
    actor->kind = CUTOVER_ACTOR_USER;
    actor->roles = roles;
    return actor;
}

static cutover_request *file_request(struct host *host)
{
    cutover_request_options *options = old_request_options(host->version);
    cutover_request *request = NULL;
    cutover_error *error = NULL;

    options->actor = somebody(host, "carla", CUTOVER_ROLE_MEMBER);
    options->project_id = "shop";
    options->preview_id = "next";
    options->customer_note = "please";
    options->external_ticket_ref = "OPS-1";
    check_ok(cutover_request_create(host->engine, options, &request, &error), error);
    assert_string_equal(cutover_request_customer_note(request), "please");
    assert_string_equal(cutover_request_ticket(request), "OPS-1");
    return request;
}

static void ack(struct host *host, const char *request_id)
{
    cutover_request_ack_options *options = old_request_ack_options(host->version);
    cutover_request *request = NULL;
    cutover_error *error = NULL;

    options->actor = somebody(host, "olga", CUTOVER_ROLE_OPERATOR);
    options->request_id = request_id;
    options->operator_note = "fine";
    check_ok(cutover_request_ack(host->engine, options, &request, &error), error);
    assert_string_equal(cutover_request_status(request), "acked");
    assert_string_equal(cutover_request_operator_note(request), "fine");
    cutover_request_free(request);
}

/* As far as a job comes without a server. */
static void start_promotion(struct host *host, const char *request_id)
{
    cutover_promotion_options *options = old_promotion_options(host->version);
    cutover_progress *progress = old_progress(host->version);
    cutover_promotion *promotion = NULL;
    cutover_error *error = NULL;

    options->actor = somebody(host, "olga", CUTOVER_ROLE_OPERATOR);
    options->request_id = request_id;
    check_ok(cutover_promotion_start(host->engine, options, &promotion, &error), error);
    assert_int_equal(cutover_promotion_progress(promotion, progress), CUTOVER_OK);
    assert_string_equal(progress->step, "preflight");
    assert_true(progress->seconds_left < 0);
    if (progress->version >= 2)
        assert_string_equal(progress->job_id, cutover_promotion_id(promotion));
    cutover_promotion_free(promotion);
}

static void a_request_goes_its_way(void **state)
{
    (void)state;
    for (unsigned version = 1; version <= NEWEST; version++) {
        struct host host;
        cutover_request_list *list = NULL;
        cutover_error *error = NULL;

        host_open(&host, version);
        cutover_request *request = file_request(&host);
        ack(&host, cutover_request_id(request));
        start_promotion(&host, cutover_request_id(request));
        check_ok(cutover_requests_list(host.engine, "shop", NULL, 10, &list, &error), error);
        assert_int_equal(cutover_request_list_count(list), 1);
        cutover_delivery_options *to = old_delivery_options(version);
        cutover_delivery *delivery = old_delivery(version);
        to->notifier = "host";
        check_ok(cutover_events_deliver(host.engine, to, delivery, &error), error);
        assert_true(host.delivered >= 2);
        assert_int_equal(delivery->delivered, host.delivered);
        assert_int_equal(delivery->busy, 0);
        cutover_request_list_free(list);
        cutover_request_free(request);
        host_close(&host);
    }
}

/* What refuses them names what it read in them. */
static void other_jobs_read_their_options(void **state)
{
    (void)state;
    for (unsigned version = 1; version <= NEWEST; version++) {
        struct host host;
        cutover_error *error = NULL;
        cutover_restore *restore = NULL;
        cutover_rollback *rollback = NULL;

        host_open(&host, version);
        cutover_request *request = file_request(&host);
        cutover_backup_options *backup = old_backup_options(version);
        backup->actor = somebody(&host, "olga", CUTOVER_ROLE_OPERATOR);
        backup->project_id = "nowhere";
        check_status_keep(cutover_backup_create(host.engine, backup, NULL, &error), CUTOVER_E_NOT_FOUND, error);
        check_contains(cutover_error_message(error), "nowhere");
        cutover_error_free(error), error = NULL;
        cutover_restore_options *over = old_restore_options(version);
        over->actor = somebody(&host, "ada", CUTOVER_ROLE_ORG_ADMIN);
        over->backup_id = "no-backup";
        over->project_id = "shop";
        over->confirm = 1;
        check_status_keep(cutover_restore_start(host.engine, over, &restore, &error), CUTOVER_E_NOT_FOUND,
                          error);
        check_contains(cutover_error_message(error), "no-backup");
        cutover_error_free(error), error = NULL;
        cutover_rollback_options *back = old_rollback_options(version);
        back->actor = somebody(&host, "olga", CUTOVER_ROLE_OPERATOR);
        back->request_id = cutover_request_id(request);
        check_status_keep(cutover_rollback_start(host.engine, back, &rollback, &error), CUTOVER_E_STATE, error);
        check_contains(cutover_error_message(error), cutover_request_id(request));
        cutover_error_free(error);
        cutover_request_free(request);
        host_close(&host);
    }
}

/* What came later, an older host does not get: neither the capability nor what goes with it. */
static void repository_of_an_older_version_does_not_rewrite_or_patch(void **state)
{
    static const char backup[] = "01890a5d-ac96-774b-bcce-b302099a8057";

    (void)state;
    for (unsigned version = 1; version <= CUTOVER_REPOSITORY_VERSION; version++) {
        struct host host;
        cutover_error *error = NULL;
        void *object = NULL;

        host_open(&host, version);
        const cutover_repository *repository = host.repository;
        assert_int_equal(repository->capabilities, (version >= 2 ? CUTOVER_REPOSITORY_REWRITE : 0) |
                                                       (version >= 4 ? CUTOVER_REPOSITORY_PATCH : 0));
        check_ok(repository->begin(backup, &error, repository->userdata), error);
        check_ok(repository->create(backup, "toc.dat", &object, &error, repository->userdata), error);
        check_ok(repository->commit(object, &error, repository->userdata), error);
        cutover_status again = repository->create(backup, "toc.dat", &object, &error, repository->userdata);
        assert_int_equal(again, version == 1 ? CUTOVER_E_CONFLICT : CUTOVER_OK);
        if (again == CUTOVER_OK)
            repository->abort(object, repository->userdata);
        cutover_error_free(error), error = NULL;
        check_ok(repository->remove(backup, &error, repository->userdata), error);
        host_close(&host);
    }
}

/* A struct that nobody initialised has no size: nothing is written into it. */
static void struct_without_a_version_is_not_filled(void **state)
{
    cutover_store store = {0};
    cutover_repository repository = {0};
    cutover_platform platform = {0};
    cutover_progress progress = {0};
    struct host host;
    cutover_promotion_options options = CUTOVER_PROMOTION_OPTIONS_INIT;
    cutover_promotion *promotion = NULL;
    cutover_error *error = NULL;

    (void)state;
    host_open(&host, NEWEST);
    check_status_keep(cutover_store_memory_open(&store, &error), CUTOVER_E_UNSUPPORTED, error);
    check_contains(cutover_error_message(error), "store.version: 0");
    check_contains(cutover_error_hint(error), "_INIT");
    cutover_error_free(error), error = NULL;
    check_status(cutover_repository_directory_open(host.folder, &repository, &error), CUTOVER_E_UNSUPPORTED,
                 error);
    check_status(cutover_registry_platform(host.registry, &platform, &error), CUTOVER_E_UNSUPPORTED, error);
    assert_null(store.get);
    assert_null(repository.begin);
    assert_null(platform.project_get);
    cutover_request *request = file_request(&host);
    ack(&host, cutover_request_id(request));
    options.actor = somebody(&host, "olga", CUTOVER_ROLE_OPERATOR);
    options.request_id = cutover_request_id(request);
    check_ok(cutover_promotion_start(host.engine, &options, &promotion, &error), error);
    assert_int_equal(cutover_promotion_progress(promotion, &progress), CUTOVER_E_UNSUPPORTED);
    assert_null(progress.step);
    assert_int_equal(cutover_promotion_progress(promotion, NULL), CUTOVER_E_INVALID);
    cutover_promotion_free(promotion);
    cutover_request_free(request);
    cutover_delivery delivery = {0};
    check_status(cutover_events_deliver(host.engine, NULL, &delivery, &error), CUTOVER_E_UNSUPPORTED, error);
    assert_int_equal(delivery.delivered + host.delivered, 0);
    host_close(&host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_goes_its_way),
        cmocka_unit_test(other_jobs_read_their_options),
        cmocka_unit_test(repository_of_an_older_version_does_not_rewrite_or_patch),
        cmocka_unit_test(struct_without_a_version_is_not_filled),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
