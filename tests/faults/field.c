#include "faults/field_check.h"

#include <dlfcn.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define CANCEL_AFTER_MS 200
/* What a cancel may take, with all that it undoes, on a busy machine: a step that ignores it takes HANG_SECONDS. */
#define CANCEL_LIMIT_S 60

const char *const field_steps[] = {"preflight", "lock", "stage",    "check", "backup",
                                   "verify",    "held", "catch_up", "swap",  NULL};

static struct field *struck_field; /* the one whose statements are looked at */

/* ---- hanging ---- */

static void hang(int signal_number)
{
    static const char before[] = "HANGS: ", after[] = "\n";

    (void)signal_number;
    if (write(2, before, sizeof before - 1) > 0 && struck_field != NULL &&
        write(2, struck_field->where, strlen(struck_field->where)) > 0 && write(2, after, 1) > 0)
        abort();
    abort();
}

/* ---- striking ---- */

static void strike(struct field *field)
{
    pthread_mutex_lock(&field->mutex);
    bool now = !field->struck;
    field->struck = true;
    pthread_mutex_unlock(&field->mutex);
    if (now && field->blow->strike != NULL)
        field->blow->strike(field);
}

static bool is_struck(struct field *field)
{
    pthread_mutex_lock(&field->mutex);
    bool struck = field->struck;
    pthread_mutex_unlock(&field->mutex);
    return struck;
}

static void pass(const char *sql, bool after)
{
    struct field *field = struck_field;

    if (field == NULL || field->moment == NULL || field->moment->sql == NULL || !field->in_step ||
        field->moment->after != after)
        return;
    if (field->moment->whole ? strcmp(sql, field->moment->sql) != 0 : strstr(sql, field->moment->sql) == NULL)
        return;
    strike(field);
}

int PQsendQuery(PGconn *connection, const char *sql)
{
    int (*real)(PGconn *, const char *);

    *(void **)&real = dlsym(RTLD_NEXT, "PQsendQuery");
    pass(sql, false);
    int sent = real(connection, sql);
    PQflush(connection);
    pass(sql, true);
    return sent;
}

int PQsendQueryParams(PGconn *connection, const char *sql, int count, const Oid *types,
                      const char *const *values, const int *lengths, const int *formats, int result_format)
{
    int (*real)(PGconn *, const char *, int, const Oid *, const char *const *, const int *, const int *, int);

    *(void **)&real = dlsym(RTLD_NEXT, "PQsendQueryParams");
    pass(sql, false);
    int sent = real(connection, sql, count, types, values, lengths, formats, result_format);
    PQflush(connection);
    pass(sql, true);
    return sent;
}

/* What a round reads again: a table, a large object that is new, and one that is gone. What is written is safe of the server's crash;
   a sequence would not be. */
static void write_meanwhile(struct field *field)
{
    static const char sql[] = "UPDATE generation SET name = name || '.';"
                              "SELECT lo_unlink(max(oid)) FROM pg_largeobject_metadata;"
                              "SELECT lo_from_bytea(0, 'meanwhile')";

    cluster_sql(field->production, field->project, sql);
    cluster_sql(field->production, field->project, "CHECKPOINT");
    free(field->old_dump);
    field->old_dump = shop_dump(field->production, field->project);
}

static bool is_about(const char *step, const char *other)
{
    return step != NULL && strcmp(step, other) == 0;
}

static int32_t watch(const cutover_progress *progress, void *userdata)
{
    struct field *field = userdata;

    if (strcmp(progress->step, "held") == 0) {
        cutover_error *error = NULL;
        cutover_promotion_release(field->shop.engine, &shop_operator, field->request_id, &error);
        cutover_error_free(error);
    }
    if (!field->written && is_about(field->moment->step, "catch_up") && is_about(progress->step, "verify")) {
        field->written = true;
        write_meanwhile(field);
    }
    if (field->moment->step != NULL && strcmp(progress->step, field->moment->step) != 0)
        return 0;
    field->in_step = true;
    if (field->moment->sql == NULL && field->moment->step != NULL)
        strike(field);
    return 0;
}

/* ---- ports that fail ---- */

static cutover_status store_get(const char *kind, const char *id, cutover_document_emit emit, void *context,
                                cutover_error **error, void *userdata)
{
    const cutover_store *store = &((struct field *)userdata)->shop.store;

    return store->get(kind, id, emit, context, error, store->userdata);
}

static cutover_status store_list(const char *kind, const char *project_id, const char *after_id, uint32_t limit,
                                 cutover_document_emit emit, void *context, cutover_error **error,
                                 void *userdata)
{
    const cutover_store *store = &((struct field *)userdata)->shop.store;

    return store->list(kind, project_id, after_id, limit, emit, context, error, store->userdata);
}

static cutover_status store_commit(const cutover_write *const *writes, size_t count, cutover_error **error,
                                   void *userdata)
{
    struct field *field = userdata;
    const cutover_store *store = &field->shop.store;

    pthread_mutex_lock(&field->mutex);
    enum store_fault fault = field->store_fault;
    unsigned number = ++field->commits;
    for (size_t i = 0; i < count; i++)
        if (strcmp(writes[i]->kind, "backup") == 0 && writes[i]->expected_version == 1)
            field->backup_moved_at = number;
    if (number < field->fault_at || number - field->fault_at >= field->fault_count)
        fault = STORE_SOUND;
    pthread_mutex_unlock(&field->mutex);
    if (fault == STORE_SOUND)
        return store->commit(writes, count, error, store->userdata);
    if (fault == STORE_CONFLICT_APPLIED || fault == STORE_FAILS_APPLIED) {
        cutover_status status = store->commit(writes, count, error, store->userdata);
        if (status != CUTOVER_OK)
            return status;
    }
    bool conflict = fault == STORE_CONFLICT || fault == STORE_CONFLICT_APPLIED;
    cutover_status status = conflict ? CUTOVER_E_CONFLICT : CUTOVER_E_STORE;
    if (error != NULL)
        *error =
            cutover_error_new(status, conflict ? "the versions differ" : "the store is read-only", NULL, NULL);
    return status;
}

static cutover_status repository_fails(cutover_error **error)
{
    if (error != NULL)
        *error = cutover_error_new(CUTOVER_E_REPOSITORY, "the repository is read-only", NULL, NULL);
    return CUTOVER_E_REPOSITORY;
}

static bool has_fault(struct field *field, enum repository_fault fault)
{
    pthread_mutex_lock(&field->mutex);
    bool has = field->repository_fault == fault;
    pthread_mutex_unlock(&field->mutex);
    return has;
}

static cutover_status repository_create(const char *backup, const char *name, void **object,
                                        cutover_error **error, void *userdata)
{
    struct field *field = struck_field;

    return has_fault(field, REPOSITORY_CREATE_FAILS)
               ? repository_fails(error)
               : field->shop.repository.create(backup, name, object, error, userdata);
}

static cutover_status repository_remove_object(const char *backup, const char *name, cutover_error **error,
                                               void *userdata)
{
    struct field *field = struck_field;

    return has_fault(field, REPOSITORY_REMOVE_OBJECT_FAILS)
               ? repository_fails(error)
               : field->shop.repository.remove_object(backup, name, error, userdata);
}

/* Its commit is the next one. */
static void store_fails_from_now_on(struct field *field, unsigned count)
{
    pthread_mutex_lock(&field->mutex);
    field->store_fault = STORE_FAILS;
    field->fault_at = field->commits + 1;
    field->fault_count = count;
    pthread_mutex_unlock(&field->mutex);
}

static cutover_status repository_publish(const char *backup, cutover_error **error, void *userdata)
{
    struct field *field = struck_field;

    if (has_fault(field, REPOSITORY_PUBLISH_FAILS))
        return repository_fails(error);
    cutover_status status = field->shop.repository.publish(backup, error, userdata);
    if (status == CUTOVER_OK && has_fault(field, REPOSITORY_PUBLISH_FAILS_APPLIED))
        return repository_fails(error);
    if (has_fault(field, REPOSITORY_PUBLISHES_AND_STORE_FAILS))
        store_fails_from_now_on(field, 1);
    if (has_fault(field, REPOSITORY_PUBLISHES_AND_STORE_IS_GONE))
        store_fails_from_now_on(field, UINT_MAX);
    return status;
}

static cutover_status repository_write(void *object, const void *bytes, size_t count, cutover_error **error,
                                       void *userdata)
{
    struct field *field = struck_field;

    pthread_mutex_lock(&field->mutex);
    bool full = field->repository_full;
    pthread_mutex_unlock(&field->mutex);
    if (!full)
        return field->shop.repository.write(object, bytes, count, error, userdata);
    if (error != NULL)
        *error = cutover_error_new(CUTOVER_E_REPOSITORY, "No space left on device", NULL, NULL);
    return CUTOVER_E_REPOSITORY;
}

/* ---- opening and closing ---- */

static int64_t field_clock(void *userdata)
{
    return shop_now(userdata);
}

static void engine_open(struct field *field)
{
    cutover_engine_options options = CUTOVER_ENGINE_OPTIONS_INIT;
    cutover_error *error = NULL;
    char *work = shop_format("%s/work", field->shop.home);

    cutover_engine_free(field->shop.engine);
    field->shop.engine = NULL;
    field->store = field->shop.store;
    field->store.userdata = field;
    field->store.get = store_get;
    field->store.list = store_list;
    field->store.commit = store_commit;
    field->repository = field->shop.repository;
    field->repository.write = repository_write;
    field->repository.create = repository_create;
    field->repository.remove_object = repository_remove_object;
    field->repository.publish = repository_publish;
    options.store = &field->store;
    options.repository = &field->repository;
    options.platform = &field->shop.known;
    options.work_dir = work;
    options.pg_bin_dir = field->tools;
    options.clock = field_clock;
    options.clock_userdata = &field->shop;
    options.maintenance_mem_mb = 16;
    options.connect_timeout_s = 3;
    options.door_timeout_ms = 1000;
    check_ok(cutover_engine_new(&options, &field->shop.engine, &error), error);
    shop_drive_monotonic(&field->shop);
    free(work);
}

void field_reopen_repository(struct field *field)
{
    char *path = shop_format("%s/backups", field->shop.home);
    cutover_error *error = NULL;

    cutover_engine_free(field->shop.engine);
    field->shop.engine = NULL;
    cutover_repository_close(&field->shop.repository);
    check_ok(cutover_repository_directory_open(path, &field->shop.repository, &error), error);
    engine_open(field);
    free(path);
}

static struct proxy *road_to(struct cluster *cluster)
{
    char *path = shop_format("%s/.s.PGSQL.%d", cluster_socket_dir(cluster), cluster_port(cluster));
    struct proxy *road = proxy_open(path);

    free(path);
    return road;
}

static char *conninfo_over(const struct proxy *road, const char *database)
{
    return shop_format("host=127.0.0.1 port=%d user=postgres dbname=%s", proxy_port(road), database);
}

bool field_soak(void)
{
    return getenv("CUTOVER_SOAK") != NULL;
}

bool field_own_mounts(void)
{
    return geteuid() == 0 && unshare(CLONE_NEWNS) == 0 &&
           mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
}

void field_open(struct field *field, const char *settings)
{
    struct sigaction action = {.sa_handler = hang};

    memset(field, 0, sizeof *field);
    pthread_mutex_init(&field->mutex, NULL);
    sigaction(SIGALRM, &action, NULL);
    field->production = cluster_start(settings);
    field->previews = cluster_start(settings);
    field->road = road_to(field->production);
    field->previews_road = road_to(field->previews);
    field->tools = shop_format("%s/bin", cluster_temp_dir());
    assert_int_equal(mkdir(field->tools, 0700), 0);
    for (const char *const *name = (const char *const[]){"pg_dump", "pg_restore", NULL}; *name != NULL;
         name++) {
        char *path = shop_format("%s/%s", field->tools, *name);
        assert_int_equal(symlink(cluster_program(*name), path), 0);
        free(path);
    }
    cluster_sql(field->production, "postgres", "CREATE ROLE keeper LOGIN; CREATE ROLE reader LOGIN");
    shop_database(field->previews, "preview", shop_preview_sql());
    cluster_sql(field->previews, "preview", "CHECKPOINT");
    field->new_dump = shop_dump(field->previews, "preview");
    field->verify = CUTOVER_VERIFY_READBACK;
    shop_open(&field->shop, field->production, NULL);
    engine_open(field);
    field->open = true;
    field->spent = true;
    struck_field = field;
}

void field_close(struct field *field)
{
    if (!field->open)
        return;
    struck_field = NULL;
    shop_close(&field->shop);
    shop_check_server(field->production);
    proxy_close(field->road);
    proxy_close(field->previews_road);
    cluster_stop(field->production);
    cluster_stop(field->previews);
    pthread_mutex_destroy(&field->mutex);
    free(field->tablespace);
    free(field->tools);
    free(field->project);
    free(field->old_dump);
    free(field->new_dump);
    free(field->properties);
    free(field->request_id);
    memset(field, 0, sizeof *field);
}

void field_settle_in(struct field *field, const char *tablespace)
{
    free(field->tablespace);
    field->tablespace = tablespace != NULL ? shop_format("%s", tablespace) : NULL;
    field->spent = true;
}

static void production_drop(struct field *field)
{
    char *sql = shop_format("DROP DATABASE IF EXISTS %s WITH (FORCE)", field->project);

    cluster_sql(field->production, "postgres", sql);
    free(sql);
}

void field_leave(struct field *field)
{
    if (field->project != NULL)
        production_drop(field);
    field->spent = true;
}

/* A project of its own, so that nothing of the one before is in the way. */
static void production_make(struct field *field)
{
    if (field->project != NULL)
        production_drop(field);
    free(field->project);
    free(field->old_dump);
    free(field->properties);
    field->project = shop_format("shop%u", ++field->generation);
    char *sql = shop_format("CREATE DATABASE %s TEMPLATE template0 OWNER keeper %s%s", field->project,
                            field->tablespace != NULL ? "TABLESPACE " : "",
                            field->tablespace != NULL ? field->tablespace : "");
    char *settings = shop_format("REVOKE CONNECT ON DATABASE %s FROM PUBLIC;"
                                 "GRANT CONNECT ON DATABASE %s TO reader;"
                                 "ALTER DATABASE %s SET work_mem = '5MB';"
                                 "ALTER ROLE reader IN DATABASE %s SET default_transaction_read_only = on;"
                                 "ALTER DATABASE %s CONNECTION LIMIT 40;"
                                 "COMMENT ON DATABASE %s IS 'where we live'",
                                 field->project, field->project, field->project, field->project, field->project,
                                 field->project);

    cluster_sql(field->production, "postgres", sql);
    cluster_sql(field->production, "postgres", settings);
    cluster_sql(field->production, field->project, shop_production_sql());
    /* A crash of the server empties what is unlogged, and lets sequences leap that were used since the last checkpoint. */
    cluster_sql(field->production, field->project, "ALTER TABLE carts SET LOGGED");
    cluster_sql(field->production, field->project, "CHECKPOINT");
    field->old_dump = shop_dump(field->production, field->project);
    field->properties = shop_properties(field->production, field->project);
    char *production = conninfo_over(field->road, field->project);
    char *preview = conninfo_over(field->previews_road, "preview");
    shop_project(&field->shop, field->project, production);
    shop_preview(&field->shop, field->project, field->project, preview, 0);
    field->spent = false;
    free(production);
    free(preview);
    free(settings);
    free(sql);
}

/* ---- one promotion ---- */

static double seconds_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

struct canceller {
    struct field *field;
    atomic_bool over;
    double asked_at; /* 0: not */
};

static void *cancel_after_strike(void *context)
{
    struct canceller *canceller = context;
    const struct timespec look = {0, 10 * 1000 * 1000}, after = {0, CANCEL_AFTER_MS * 1000 * 1000};

    while (!canceller->over && !is_struck(canceller->field))
        nanosleep(&look, NULL);
    nanosleep(&after, NULL);
    if (canceller->over)
        return NULL;
    canceller->asked_at = seconds_now();
    cutover_promotion_cancel(canceller->field->job);
    return NULL;
}

static cutover_status run(struct field *field, cutover_error **error)
{
    struct canceller canceller = {.field = field};
    pthread_t thread;

    if (field->blow->cancelled)
        assert_int_equal(pthread_create(&thread, NULL, cancel_after_strike, &canceller), 0);
    alarm(HANG_SECONDS);
    cutover_status status = cutover_promotion_run(field->job, error);
    alarm(0);
    canceller.over = true;
    if (field->blow->cancelled) {
        pthread_join(thread, NULL);
        assert_true(canceller.asked_at == 0 || seconds_now() - canceller.asked_at < CANCEL_LIMIT_S);
    }
    return status;
}

static cutover_status promote(struct field *field, cutover_error **error)
{
    cutover_promotion_options options = CUTOVER_PROMOTION_OPTIONS_INIT;

    options.actor = &shop_operator;
    options.request_id = field->request_id;
    options.jobs = 2;
    options.verify = field->verify;
    options.fence = field->fence;
    options.hold = is_about(field->moment->step, "held");
    options.progress = watch;
    options.progress_userdata = field;
    cutover_status status = cutover_promotion_start(field->shop.engine, &options, &field->job, error);
    if (status == CUTOVER_OK) {
        status = run(field, error);
        assert_non_null(cutover_promotion_report(field->job));
        cutover_promotion_free(field->job);
        field->job = NULL;
    }
    return status;
}

static void note(struct field *field, const cutover_error *error)
{
    const char *parts[] = {cutover_error_message(error), cutover_error_detail(error),
                           cutover_error_hint(error)};

    const char *sqlstate = cutover_error_sqlstate(error);

    snprintf(field->sqlstate, sizeof field->sqlstate, "%s", sqlstate != NULL ? sqlstate : "");
    snprintf(field->told, sizeof field->told, "%s | %s | %s", parts[0] != NULL ? parts[0] : "",
             parts[1] != NULL ? parts[1] : "", parts[2] != NULL ? parts[2] : "");
}

enum ending field_strike(struct field *field, const struct moment *moment, const struct blow *blow)
{
    cutover_error *error = NULL;

    if (field->spent)
        production_make(field);
    free(field->request_id);
    field->request_id = shop_acked(&field->shop, field->project, field->project);
    snprintf(field->where, sizeof field->where, "%s, %s%s%s", blow->name,
             moment->step != NULL ? moment->step : "from the beginning",
             moment->sql == NULL ? ""
             : moment->after     ? ", after "
                                 : ", before ",
             moment->sql != NULL ? moment->sql : "");
    field->moment = moment;
    field->blow = blow;
    field->struck = false;
    field->written = false;
    field->commits = 0;
    field->in_step = moment->step == NULL;
    if (moment->step == NULL && moment->sql == NULL && blow->strike != NULL)
        strike(field);
    field->spent = true; /* if the checks fail */
    cutover_status status = promote(field, &error);
    field->moment = NULL;
    field->store_fault = STORE_SOUND;
    field->repository_fault = REPOSITORY_SOUND;
    field->commits_made = field->commits;
    alarm(HANG_SECONDS);
    if (blow->heal != NULL)
        blow->heal(field);
    alarm(0);
    note(field, error);
    cutover_error_free(error);
    error = NULL;
    check(field, is_struck(field));
    enum ending ending = field_ending(field, status);
    bool completed = ending == ENDING_COMPLETED || ending == ENDING_FINISHED;
    field_check(field, completed);
    char *request = shop_request_status(&field->shop, field->request_id);
    if (strcmp(request, "acked") == 0)
        check_ok(cutover_request_cancel(field->shop.engine, &shop_member, field->request_id, NULL, &error),
                 error);
    free(request);
    field->spent = completed;
    field->endings[ending]++;
    if (getenv("CUTOVER_TELL") != NULL)
        fprintf(stderr, "%s: %d: %s\n", field->where, (int)ending, field->told);
    return ending;
}

unsigned field_count_commits(struct field *field)
{
    static const struct moment start = {.step = "preflight"};
    static const struct blow nothing = {.name = "nothing"};

    assert_int_equal(field_strike(field, &start, &nothing), ENDING_COMPLETED);
    return field->commits_made;
}

void field_tell(struct field *field, const char *what)
{
    static const char *const names[ENDINGS] = {"refused",   "cancelled", "failed",
                                               "completed", "undone",    "finished"};
    unsigned all = 0;

    for (size_t i = 0; i < ENDINGS; i++)
        all += field->endings[i];
    /* What it is read for leaves the preview as it was. */
    char *preview = shop_dump(field->previews, "preview");
    check_same_text(preview, field->new_dump);
    free(preview);
    printf("%s: %u faults:", what, all);
    for (size_t i = 0; i < ENDINGS; i++)
        printf(" %u %s", field->endings[i], names[i]);
    printf("\n");
    memset(field->endings, 0, sizeof field->endings);
}
