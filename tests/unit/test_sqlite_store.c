#include "store/sqlite_file.h"
#include "support/check.h"
#include "support/killed.h"

#include <cutover/conformance.h>
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATH_SIZE 200

/* A folder for one test, removed with the files in it. */
struct folder {
    char path[PATH_SIZE - 50];
    unsigned files;
};

static int make_folder(void **state)
{
    struct folder *folder = calloc(1, sizeof(*folder));

    assert_non_null(folder);
    strcpy(folder->path, "/tmp/cutover-test-XXXXXX");
    assert_non_null(mkdtemp(folder->path));
    *state = folder;
    return 0;
}

static int remove_folder(void **state)
{
    struct folder *folder = *state;
    DIR *entries = opendir(folder->path);
    struct dirent *entry;

    assert_non_null(entries);
    while ((entry = readdir(entries)) != NULL)
        unlinkat(dirfd(entries), entry->d_name, 0);
    closedir(entries);
    assert_int_equal(rmdir(folder->path), 0);
    free(folder);
    return 0;
}

static void path_in(const struct folder *folder, const char *name, char path[PATH_SIZE])
{
    snprintf(path, PATH_SIZE, "%s/%s", folder->path, name);
}

static void open_store(const char *path, cutover_store *store)
{
    cutover_error *error = NULL;

    check_ok(cutover_store_sqlite_open(path, store, &error), error);
}

static cutover_status put(const cutover_store *store, const char *id, uint64_t version, const char *body,
                          cutover_error **error)
{
    cutover_write write = {CUTOVER_WRITE_VERSION, "thing", id, "p", version, body};

    return store->commit(&(const cutover_write *){&write}, 1, error, store->userdata);
}

static cutover_status note_version(const cutover_document *document, void *context)
{
    *(uint64_t *)context = document->version;
    return CUTOVER_OK;
}

static cutover_status read_version(const cutover_store *store, const char *id, uint64_t *version)
{
    return store->get("thing", id, note_version, version, NULL, store->userdata);
}

/* Runs SQL on the file by a connection that is not the library's. */
static sqlite3 *connect_file(const char *path, const char *sql)
{
    sqlite3 *connection = NULL;

    assert_int_equal(sqlite3_open(path, &connection), SQLITE_OK);
    if (sql != NULL)
        assert_int_equal(sqlite3_exec(connection, sql, NULL, NULL, NULL), SQLITE_OK);
    return connection;
}

static void change_file(const char *path, const char *sql)
{
    sqlite3_close(connect_file(path, sql));
}

static int64_t query(sqlite3 *connection, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    int64_t value;

    assert_int_equal(sqlite3_prepare_v2(connection, sql, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    value = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return value;
}

/* ------------------------------------------------------------------------------------------------- conformance */

static cutover_status open_numbered(int32_t fresh, cutover_store *store, cutover_error **error, void *userdata)
{
    struct folder *folder = userdata;
    char path[PATH_SIZE];

    if (fresh)
        folder->files++;
    snprintf(path, sizeof(path), "%s/%u", folder->path, folder->files);
    return cutover_store_sqlite_open(path, store, error);
}

static void report(const char *name, const char *failure, void *userdata)
{
    (void)userdata;
    if (failure != NULL)
        print_error("%s: %s\n", name, failure);
}

static void sqlite_store_conforms(void **state)
{
    cutover_error *error = NULL;

    check_ok(cutover_conformance_store(open_numbered, report, *state, &error), error);
}

static void sqlite_store_is_durable_and_shared(void **state)
{
    cutover_store store = CUTOVER_STORE_INIT;
    char path[PATH_SIZE];

    path_in(*state, "store", path);
    open_store(path, &store);
    assert_int_equal(store.capabilities, CUTOVER_STORE_DURABLE | CUTOVER_STORE_SHARED);
    cutover_store_close(&store);
}

/* ------------------------------------------------------------------------------------------------------ the file */

static void check_private(const struct folder *folder, const char *name)
{
    char path[PATH_SIZE];
    struct stat status;

    path_in(folder, name, path);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
}

static void files_are_private_whatever_the_umask(void **state)
{
    static const mode_t masks[] = {0, 022, 0777};
    struct folder *folder = *state;

    for (size_t i = 0; i < 3; i++) {
        cutover_store store = CUTOVER_STORE_INIT;
        char name[20], wal[30], shm[30], path[PATH_SIZE];
        mode_t before = umask(masks[i]);

        snprintf(name, sizeof(name), "store%zu", i);
        snprintf(wal, sizeof(wal), "%s-wal", name);
        snprintf(shm, sizeof(shm), "%s-shm", name);
        path_in(folder, name, path);
        open_store(path, &store);
        assert_int_equal(put(&store, "a", 0, "{}", NULL), CUTOVER_OK);
        assert_int_equal(umask(before), masks[i]); /* the library left it alone */
        check_private(folder, name);
        check_private(folder, wal);
        check_private(folder, shm);
        cutover_store_close(&store);
    }
}

static void connection_flushes_fully(void **state)
{
    cutover_error *error = NULL;
    char path[PATH_SIZE], *real_path = NULL;
    sqlite3 *connection = NULL;

    path_in(*state, "store", path);
    check_ok(sqlite_file_open(path, &real_path, &connection, &error), error);
    assert_int_equal(query(connection, "PRAGMA synchronous"), 2); /* FULL */
    assert_int_equal(query(connection, "PRAGMA fullfsync"), 1);
    assert_int_equal(query(connection, "SELECT journal_mode = 'wal' FROM pragma_journal_mode"), 1);
    assert_true(query(connection, "PRAGMA busy_timeout") > 0);
    assert_int_equal(query(connection, "PRAGMA application_id"), SQLITE_FILE_APPLICATION);
    sqlite3_close(connection);
    free(real_path);
}

/* EDGE_CASES G7 */
static void descriptors_are_close_on_exec(void **state)
{
    struct folder *folder = *state;
    cutover_store store = CUTOVER_STORE_INIT;
    char path[PATH_SIZE], name[300], target[PATH_SIZE];
    DIR *entries;
    struct dirent *entry;
    unsigned found = 0;

    path_in(folder, "store", path);
    open_store(path, &store);
    assert_int_equal(put(&store, "a", 0, "{}", NULL), CUTOVER_OK);
    entries = opendir("/proc/self/fd");
    assert_non_null(entries);
    while ((entry = readdir(entries)) != NULL) {
        ssize_t length;

        snprintf(name, sizeof(name), "/proc/self/fd/%s", entry->d_name);
        length = readlink(name, target, sizeof(target) - 1);
        if (length <= 0 || strncmp(target, folder->path, strlen(folder->path)) != 0)
            continue;
        found++;
        assert_true(fcntl(atoi(entry->d_name), F_GETFD) & FD_CLOEXEC);
    }
    closedir(entries);
    assert_true(found >= 2);
    cutover_store_close(&store);
}

static void name_is_never_a_uri_nor_memory(void **state)
{
    static const char *const names[] = {":memory:", "file:x?mode=memory", "plain"};
    struct folder *folder = *state;
    char before[PATH_SIZE];

    assert_non_null(getcwd(before, sizeof(before)));
    assert_int_equal(chdir(folder->path), 0);
    for (size_t i = 0; i < 3; i++) {
        cutover_store store = CUTOVER_STORE_INIT;
        uint64_t version = 0;

        open_store(names[i], &store);
        assert_int_equal(put(&store, "a", 0, "{}", NULL), CUTOVER_OK);
        cutover_store_close(&store);
        check_private(folder, names[i]);
        open_store(names[i], &store);
        assert_int_equal(read_version(&store, "a", &version), CUTOVER_OK);
        assert_int_equal(version, 1);
        cutover_store_close(&store);
    }
    assert_int_equal(chdir(before), 0);
}

static void check_open_refused(const char *path, cutover_status expected, const char *message)
{
    cutover_store store = CUTOVER_STORE_INIT;
    const cutover_store before = store;
    cutover_error *error = NULL;

    check_status_keep(cutover_store_sqlite_open(path, &store, &error), expected, error);
    check_contains(cutover_error_message(error), message);
    assert_memory_equal(&store, &before, sizeof(store));
    cutover_error_free(error);
}

static void file_of_a_newer_library_is_unsupported(void **state)
{
    cutover_store store = CUTOVER_STORE_INIT;
    char path[PATH_SIZE];

    path_in(*state, "store", path);
    open_store(path, &store);
    cutover_store_close(&store);
    change_file(path, "PRAGMA user_version = 2");
    check_open_refused(path, CUTOVER_E_UNSUPPORTED, "layout 2");
    change_file(path, "PRAGMA user_version = 1");
    open_store(path, &store);
    cutover_store_close(&store);
}

static void file_of_another_application_is_left_alone(void **state)
{
    char path[PATH_SIZE];
    sqlite3 *connection;

    path_in(*state, "other", path);
    change_file(path, "CREATE TABLE t (a); INSERT INTO t VALUES (7)");
    check_open_refused(path, CUTOVER_E_INVALID, "another application");
    connection = connect_file(path, NULL);
    assert_int_equal(query(connection, "SELECT a FROM t"), 7);
    assert_int_equal(query(connection, "SELECT count(*) FROM sqlite_master"), 1);
    assert_int_equal(query(connection, "SELECT journal_mode = 'delete' FROM pragma_journal_mode"), 1);
    sqlite3_close(connection);
}

static void file_that_is_no_database_is_left_alone(void **state)
{
    static const char text[] =
        "A letter that somebody wrote, longer than the header of a SQLite file, which has one "
        "hundred bytes.\n";
    char path[PATH_SIZE], found[sizeof(text) + 1] = "";
    FILE *file;

    path_in(*state, "letter", path);
    file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    check_open_refused(path, CUTOVER_E_INVALID, "not a SQLite file");
    file = fopen(path, "r");
    assert_non_null(file);
    assert_int_equal(fread(found, 1, sizeof(found) - 1, file), sizeof(text) - 1);
    fclose(file);
    assert_string_equal(found, text);
}

static void path_that_cannot_be_a_store_is_refused(void **state)
{
    struct folder *folder = *state;
    char path[PATH_SIZE];

    check_open_refused(NULL, CUTOVER_E_INVALID, "path");
    check_open_refused("", CUTOVER_E_INVALID, "path");
    check_open_refused(folder->path, CUTOVER_E_INVALID, "regular file");
    path_in(folder, "missing/store", path);
    check_open_refused(path, CUTOVER_E_STORE, "No such file");
}

/* ---------------------------------------------------------------------------------------------- what goes wrong */

static void store_kept_busy_says_so_and_applies_nothing(void **state)
{
    cutover_store store = CUTOVER_STORE_INIT;
    cutover_error *error = NULL;
    char path[PATH_SIZE];
    uint64_t version = 0;
    sqlite3 *other;

    path_in(*state, "store", path);
    open_store(path, &store);
    check_ok(put(&store, "a", 0, "{}", &error), error);
    other = connect_file(path, "BEGIN IMMEDIATE");
    check_status_keep(put(&store, "a", 1, "{}", &error), CUTOVER_E_STORE, error);
    assert_non_null(cutover_error_hint(error));
    check_contains(cutover_error_hint(error), "busy");
    cutover_error_free(error);
    error = NULL;
    assert_int_equal(read_version(&store, "a", &version), CUTOVER_OK); /* readers do not wait for writers */
    assert_int_equal(version, 1);
    sqlite3_close(other);
    check_ok(put(&store, "a", 1, "{}", &error), error);
    cutover_store_close(&store);
}

static int wait_for(pid_t child)
{
    int status = 0;

    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* EDGE_CASES G7 */
static void handle_is_refused_in_a_forked_child(void **state)
{
    cutover_store store = CUTOVER_STORE_INIT;
    cutover_error *error = NULL;
    char path[PATH_SIZE];
    uint64_t version = 0;
    pid_t child;

    path_in(*state, "store", path);
    open_store(path, &store);
    check_ok(put(&store, "a", 0, "{}", &error), error);
    child = fork();
    if (child == 0) {
        bool refused = put(&store, "a", 1, "{}", NULL) == CUTOVER_E_STORE &&
                       read_version(&store, "a", &version) == CUTOVER_E_STORE;

        cutover_store_close(&store);
        leave(refused ? 0 : 1);
    }
    assert_int_equal(wait_for(child), 0);
    check_ok(put(&store, "a", 1, "{}", &error), error);
    assert_int_equal(read_version(&store, "a", &version), CUTOVER_OK);
    assert_int_equal(version, 2);
    cutover_store_close(&store);
}

/* The limit stands in for a full disk: the write fails in the middle. */
static void commit_that_finds_no_room_applies_nothing(void **state)
{
    cutover_store store = CUTOVER_STORE_INIT;
    cutover_error *error = NULL;
    char path[PATH_SIZE];
    uint64_t version = 0;
    pid_t child;

    path_in(*state, "store", path);
    child = fork();
    if (child == 0) {
        struct rlimit before, limit;
        char *big = malloc(400 * 1000 + 1);
        const cutover_write writes[] = {{CUTOVER_WRITE_VERSION, "thing", "a", "p", 1, "{}"},
                                        {CUTOVER_WRITE_VERSION, "thing", "b", "p", 0, big}};

        memset(big, 'x', 400 * 1000);
        big[400 * 1000] = '\0';
        signal(SIGXFSZ, SIG_IGN);
        getrlimit(RLIMIT_FSIZE, &before);
        limit = (struct rlimit){200 * 1000, before.rlim_max};
        if (cutover_store_sqlite_open(path, &store, NULL) != CUTOVER_OK ||
            put(&store, "a", 0, "{}", NULL) != 0 || setrlimit(RLIMIT_FSIZE, &limit) != 0)
            _exit(1);
        if (store.commit((const cutover_write *[]){&writes[0], &writes[1]}, 2, NULL, store.userdata) !=
            CUTOVER_E_STORE)
            _exit(2);
        if (put(&store, "a", 1, "{}", NULL) != CUTOVER_OK) /* a small one still fits */
            _exit(3);
        cutover_store_close(&store);
        free(big);
        setrlimit(RLIMIT_FSIZE, &before);
        leave(0);
    }
    assert_int_equal(wait_for(child), 0);
    open_store(path, &store);
    assert_int_equal(read_version(&store, "a", &version), CUTOVER_OK);
    assert_int_equal(version, 2);
    assert_int_equal(read_version(&store, "b", &version), CUTOVER_E_NOT_FOUND);
    check_ok(put(&store, "b", 0, "{}", &error), error);
    cutover_store_close(&store);
}

/* ------------------------------------------------------------------------------------------- opened by many at once */

static void processes_that_make_the_same_store_share_it(void **state)
{
    cutover_store store = CUTOVER_STORE_INIT;
    char path[PATH_SIZE];
    pid_t children[6];

    path_in(*state, "store", path);
    for (int i = 0; i < 6; i++) {
        children[i] = fork();
        if (children[i] == 0) {
            char id[] = {(char)('a' + i), '\0'};
            cutover_error *error = NULL;
            cutover_status status = cutover_store_sqlite_open(path, &store, &error);

            if (status == CUTOVER_OK)
                status = put(&store, id, 0, "{}", &error);
            if (status != CUTOVER_OK)
                fprintf(stderr, "child %d: %s\n", i, cutover_error_message(error));
            cutover_store_close(&store);
            leave(status == CUTOVER_OK ? 0 : 1);
        }
    }
    for (int i = 0; i < 6; i++)
        assert_int_equal(wait_for(children[i]), 0);
    open_store(path, &store);
    for (int i = 0; i < 6; i++) {
        char id[] = {(char)('a' + i), '\0'};
        uint64_t version = 0;

        assert_int_equal(read_version(&store, id, &version), CUTOVER_OK);
    }
    cutover_store_close(&store);
}

struct opener {
    const char *path;
    char id[2];
    cutover_status status;
};

static void *open_and_put(void *argument)
{
    struct opener *opener = argument;
    cutover_store store = CUTOVER_STORE_INIT;

    opener->status = cutover_store_sqlite_open(opener->path, &store, NULL);
    if (opener->status == CUTOVER_OK)
        opener->status = put(&store, opener->id, 0, "{}", NULL);
    cutover_store_close(&store);
    return NULL;
}

static void threads_that_make_the_same_store_share_it(void **state)
{
    cutover_store store = CUTOVER_STORE_INIT;
    char path[PATH_SIZE];
    pthread_t threads[6];
    struct opener openers[6];
    sqlite3 *connection;

    path_in(*state, "store", path);
    for (int i = 0; i < 6; i++) {
        openers[i] = (struct opener){path, {(char)('a' + i), '\0'}, CUTOVER_E_INTERNAL};
        assert_int_equal(pthread_create(&threads[i], NULL, open_and_put, &openers[i]), 0);
    }
    for (int i = 0; i < 6; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(openers[i].status, CUTOVER_OK);
    }
    open_store(path, &store);
    cutover_store_close(&store);
    connection = connect_file(path, NULL);
    assert_int_equal(query(connection, "SELECT count(*) FROM document"), 6);
    sqlite3_close(connection);
}

#define test(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(sqlite_store_conforms),
        test(sqlite_store_is_durable_and_shared),
        test(files_are_private_whatever_the_umask),
        test(connection_flushes_fully),
        test(descriptors_are_close_on_exec),
        test(name_is_never_a_uri_nor_memory),
        test(file_of_a_newer_library_is_unsupported),
        test(file_of_another_application_is_left_alone),
        test(file_that_is_no_database_is_left_alone),
        test(path_that_cannot_be_a_store_is_refused),
        test(store_kept_busy_says_so_and_applies_nothing),
        test(handle_is_refused_in_a_forked_child),
        test(commit_that_finds_no_room_applies_nothing),
        test(processes_that_make_the_same_store_share_it),
        test(threads_that_make_the_same_store_share_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
