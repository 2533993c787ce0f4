#include "archive/toc.h"
#include "base/clock.h"
#include "base/folder.h"
#include "base/wait.h"
#include "engine/engine.h"
#include "job/verdict_lost.h"
#include "support/shop.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Backups by themselves: taken, listed, restored without this library, verified, damaged, deleted. */

static struct cluster *cluster;

static int start_cluster(void **state)
{
    (void)state;
    cluster = cluster_start(NULL);
    shop_use(cluster);
    shop_database(cluster, "shop", shop_production_sql());
    cluster_sql(
        cluster, "shop",
        "CREATE SCHEMA \"Odd.Schema\"; CREATE TABLE \"Odd.Schema\".\"Odd \"\"Table\" (a int, \"b c\" text);"
        "INSERT INTO \"Odd.Schema\".\"Odd \"\"Table\" VALUES (1, E'tab\\t nl\\n \\\\.');");
    return 0;
}

static int open_shop(void **state)
{
    shop_setup(state);
    shop_project(*state, "shop", cluster_conninfo(cluster, "shop"));
    return 0;
}

static cutover_backup_options options_of(cutover_verify_method method)
{
    cutover_backup_options options = CUTOVER_BACKUP_OPTIONS_INIT;

    options.actor = &shop_operator;
    options.project_id = "shop";
    options.verify = method;
    return options;
}

static cutover_backup *take(struct shop *shop, const cutover_backup_options *options)
{
    cutover_backup *backup = NULL;
    cutover_error *error = NULL;

    check_ok(cutover_backup_create(shop->engine, options, &backup, &error), error);
    return backup;
}

static char *path_of(struct shop *shop, const cutover_backup *backup)
{
    cutover_error *error = NULL;
    char path[4096];

    check_ok(cutover_backup_path(shop->engine, cutover_backup_id(backup), path, sizeof path, &error), error);
    return strdup(path);
}

/* ---- taken ---- */

static void a_backup_restores_without_the_library(void **state)
{
    struct shop *shop = *state;
    cutover_backup_options options = options_of(CUTOVER_VERIFY_RESTORE);
    PGconn *client = cluster_connect(cluster, "shop");

    options.label = "before the sale";
    options.jobs = 4;
    cutover_backup *backup = take(shop, &options);
    assert_string_equal(cutover_backup_status(backup), "verified");
    assert_string_equal(cutover_backup_label(backup), "before the sale");
    assert_string_equal(cutover_backup_project_id(backup), "shop");
    assert_true(cutover_backup_verified_at(backup) >= cutover_backup_created_at(backup));
    check_contains(cutover_backup_json(backup), cutover_backup_id(backup));
    /* Production stayed open for everything. */
    assert_int_equal(PQstatus(client), CONNECTION_OK);
    PGresult *result = PQexec(client, "CREATE TABLE meanwhile (); DROP TABLE meanwhile");
    assert_int_equal(PQresultStatus(result), PGRES_COMMAND_OK);
    PQclear(result);
    PQfinish(client);

    char *path = path_of(shop, backup), *expected = shop_dump(cluster, "shop");
    struct stat folder;
    assert_int_equal(stat(path, &folder), 0);
    assert_int_equal(folder.st_mode & 0777, 0700);
    cluster_create_database(cluster, "restored");
    shop_run((const char *[]){cluster_program("pg_restore"), "-e", "-j2", "-d",
                              cluster_conninfo(cluster, "restored"), path, NULL});
    char *restored = shop_dump(cluster, "restored");
    check_same_text(restored, expected);
    cluster_sql(cluster, "postgres", "DROP DATABASE restored");
    cutover_backup_free(backup);
    free(path);
    free(expected);
    free(restored);
}

static void a_backup_needs_an_operator_and_a_project(void **state)
{
    struct shop *shop = *state;
    cutover_backup_options options = options_of(CUTOVER_VERIFY_READBACK);
    cutover_backup_list *list = NULL;
    cutover_error *error = NULL;
    char label[600] = "";

    options.actor = &shop_member;
    check_status(cutover_backup_create(shop->engine, &options, NULL, &error), CUTOVER_E_FORBIDDEN, error);
    options.actor = &shop_operator;
    options.project_id = "nobody's";
    check_status(cutover_backup_create(shop->engine, &options, NULL, &error), CUTOVER_E_NOT_FOUND, error);
    options.project_id = "shop";
    for (int i = 0; i < 121; i++)
        strcat(label, "\xf0\x9f\x98\x80");
    options.label = label;
    check_status(cutover_backup_create(shop->engine, &options, NULL, &error), CUTOVER_E_INVALID, error);
    check_ok(cutover_backups_list(shop->engine, "shop", NULL, 10, &list, &error), error);
    assert_int_equal(cutover_backup_list_count(list), 0);
    cutover_backup_list_free(list);
}

static void program_make(const char *folder, const char *name, const char *version)
{
    char *path = shop_format("%s/%s", folder, name);
    FILE *file = fopen(path, "we");

    assert_non_null(file);
    fprintf(file, "#!/bin/sh\necho '%s (PostgreSQL) %s'\n", name, version);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, 0755), 0);
    free(path);
}

/* What pg_dump 18 takes of a server of 15, only a pg_restore can read that makes scripts which 15 refuses. */
static void a_backup_that_nothing_could_restore_is_not_begun(void **state)
{
    struct shop *shop = *state;
    cutover_backup_options options = options_of(CUTOVER_VERIFY_READBACK);
    bool before_17 = cluster_number(cluster, "postgres", "SHOW server_version_num") < 170000;
    const char *folder = cluster_temp_dir(), *version = before_17 ? "18.1" : "16.1";
    cutover_backup_list *list = NULL;
    cutover_error *error = NULL;
    char *path = strdup(getenv("PATH")), *with = shop_format("%s:%s", folder, path);

    program_make(folder, "pg_dump", version);
    program_make(folder, "pg_restore", version);
    setenv("PATH", with, 1);
    cutover_status status = cutover_backup_create(shop->engine, &options, NULL, &error);
    setenv("PATH", path, 1);
    check_status_keep(status, CUTOVER_E_PREFLIGHT, error);
    check_contains(cutover_error_detail(error), before_17 ? "transaction_timeout" : "cannot dump a server");
    check_contains(cutover_error_detail(error), "Point pg_bin_dir at the programs of the server's version");
    cutover_error_free(error);
    error = NULL;
    check_ok(cutover_backups_list(shop->engine, "shop", NULL, 10, &list, &error), error);
    assert_int_equal(cutover_backup_list_count(list), 0);
    cutover_backup_list_free(list);
    free(path);
    free(with);
}

static struct toc toc_of(const char *folder)
{
    struct toc toc;
    char *bytes;
    size_t count;
    cutover_error *error = NULL;

    check_ok(folder_read(folder, "toc.dat", 1 << 24, &bytes, &count, &error), error);
    check_ok(toc_parse(bytes, count, &toc, &error), error);
    free(bytes);
    return toc;
}

static const struct toc_entry *entry_of(const struct toc *toc, const char *desc, const char *tag)
{
    for (size_t i = 0; i < toc->count; i++)
        if (strcmp(toc->entries[i].desc.bytes, desc) == 0 && strcmp(toc->entries[i].tag.bytes, tag) == 0)
            return &toc->entries[i];
    fail_msg("no %s %s", desc, tag);
    return NULL;
}

static bool depends(const struct toc_entry *entry, const struct toc_entry *on)
{
    for (size_t i = 0; i < entry->dependency_count; i++)
        if (entry->dependencies[i] == on->dump_id)
            return true;
    return false;
}

/* From 18 on it may be NOT VALID, and then rows are there that it would not let in. */
static void a_partitioned_table_s_foreign_key_waits_for_its_partitions(void **state)
{
    struct shop *shop = *state;
    cutover_backup_options options = options_of(CUTOVER_VERIFY_RESTORE);
    bool not_valid = cluster_number(cluster, "postgres", "SHOW server_version_num") >= 180000;

    shop_database(
        cluster, "parted",
        "CREATE TABLE makers (id int PRIMARY KEY);"
        "CREATE TABLE parts (id int, maker int) PARTITION BY RANGE (id);"
        "CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (1000) PARTITION BY RANGE (id);"
        "CREATE TABLE parts_1a PARTITION OF parts_1 FOR VALUES FROM (0) TO (500);"
        "CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM (1000) TO (2000000);"
        "CREATE TABLE parts_none PARTITION OF parts DEFAULT;"
        "INSERT INTO makers VALUES (1); INSERT INTO parts SELECT g, 1 FROM generate_series(0, 400) g");
    if (not_valid)
        cluster_sql(cluster, "parted",
                    "INSERT INTO parts SELECT g, 2 FROM generate_series(1000, 200000) g;"
                    "ALTER TABLE parts ADD CONSTRAINT made_by FOREIGN KEY (maker) REFERENCES makers NOT VALID");
    else
        cluster_sql(cluster, "parted",
                    "ALTER TABLE parts ADD CONSTRAINT made_by FOREIGN KEY (maker) REFERENCES makers");
    cluster_sql(
        cluster, "parted",
        "ALTER TABLE parts_1a ADD CONSTRAINT by_itself FOREIGN KEY (maker) REFERENCES makers NOT VALID");
    shop_project(shop, "parted", cluster_conninfo(cluster, "parted"));
    options.project_id = "parted";
    cutover_backup *backup = take(shop, &options);
    char *path = path_of(shop, backup);
    struct toc toc = toc_of(path);
    const struct toc_entry *key = entry_of(&toc, "FK CONSTRAINT", "parts made_by");
    static const char *const leaves[] = {"parts_1a", "parts_2", "parts_none"};
    for (size_t i = 0; i < sizeof leaves / sizeof *leaves; i++)
        assert_true(depends(key, entry_of(&toc, "TABLE DATA", leaves[i])));
    /* Restored before the other, it would become part of that one from 18 on, and be validated. */
    assert_true(depends(entry_of(&toc, "FK CONSTRAINT", "parts_1a by_itself"), key));
    cluster_create_database(cluster, "parted_again");
    shop_run((const char *[]){cluster_program("pg_restore"), "-e", "-j4", "-d",
                              cluster_conninfo(cluster, "parted_again"), path, NULL});
    cluster_create_database(cluster, "parted_serially");
    shop_run((const char *[]){cluster_program("pg_restore"), "-e", "-d",
                              cluster_conninfo(cluster, "parted_serially"), path, NULL});
    static const char *const copies[] = {"parted_again", "parted_serially"};
    for (size_t i = 0; i < sizeof copies / sizeof *copies; i++)
        assert_int_equal(cluster_number(cluster, copies[i],
                                        "SELECT count(*) FROM pg_constraint WHERE conname = 'by_itself'"
                                        " AND conparentid = 0 AND NOT convalidated"),
                         1);
    toc_free(&toc);
    cutover_backup_free(backup);
    free(path);
}

static cutover_status is_the_operators(const cutover_audit_entry *entry, void *count)
{
    if (strncmp(entry->action, "backup.", 7) != 0)
        return CUTOVER_OK;
    assert_string_equal(entry->actor_id, shop_operator.id);
    ++*(unsigned *)count;
    return CUTOVER_OK;
}

static void check_told_of_the_operator(struct shop *shop, unsigned entries)
{
    unsigned count = 0;
    cutover_error *error = NULL;

    check_ok(cutover_audit_list(shop->engine, "shop", NULL, 100, is_the_operators, &count, &error), error);
    assert_int_equal(count, entries);
}

static void backups_are_listed_and_deleted(void **state)
{
    struct shop *shop = *state;
    cutover_backup_options options = options_of(CUTOVER_VERIFY_READBACK);
    cutover_backup *first = take(shop, &options), *second = take(shop, &options);
    cutover_backup *read = NULL;
    cutover_backup_list *list = NULL;
    cutover_error *error = NULL;
    char *path = path_of(shop, first), again[4096];

    check_ok(cutover_backups_list(shop->engine, "shop", NULL, 1, &list, &error), error);
    assert_int_equal(cutover_backup_list_count(list), 1);
    assert_string_equal(cutover_backup_id(cutover_backup_list_at(list, 0)), cutover_backup_id(first));
    cutover_backup_list_free(list);
    check_ok(cutover_backups_list(shop->engine, "shop", cutover_backup_id(first), 10, &list, &error), error);
    assert_int_equal(cutover_backup_list_count(list), 1);
    assert_string_equal(cutover_backup_id(cutover_backup_list_at(list, 0)), cutover_backup_id(second));
    cutover_backup_list_free(list);

    const char *id = cutover_backup_id(first);
    check_status(cutover_backup_delete(shop->engine, &shop_member, id, &error), CUTOVER_E_FORBIDDEN, error);
    assert_int_equal(access(path, F_OK), 0);
    check_ok(cutover_backup_delete(shop->engine, &shop_operator, id, &error), error);
    assert_int_not_equal(access(path, F_OK), 0);
    check_ok(cutover_backup_get(shop->engine, id, &read, &error), error);
    assert_string_equal(cutover_backup_status(read), "deleted");
    check_status(cutover_backup_path(shop->engine, id, again, sizeof again, &error), CUTOVER_E_STATE, error);
    check_status(cutover_backup_delete(shop->engine, &shop_operator, id, &error), CUTOVER_E_STATE, error);
    check_status(cutover_backup_verify(shop->engine, &options, id, NULL, &error), CUTOVER_E_STATE, error);
    check_ok(cutover_backup_verify(shop->engine, &options, cutover_backup_id(second), NULL, &error), error);
    char *audit = shop_audit(shop, "shop");
    assert_string_equal(audit, "backup.started backup.completed backup.started backup.completed backup.deleted "
                               "backup.verify_started backup.completed");
    check_told_of_the_operator(shop, 7);
    free(audit);
    cutover_backup_free(first);
    cutover_backup_free(second);
    cutover_backup_free(read);
    free(path);
}

static int32_t stop_at_step(const cutover_progress *progress, void *userdata)
{
    return strcmp(progress->step, userdata) == 0;
}

static void check_equal(struct shop *shop, const char *id, cutover_verify_method method)
{
    cutover_backup_options options = options_of(method);
    cutover_backup *backup = NULL;
    cutover_error *error = NULL;

    check_ok(cutover_backup_verify(shop->engine, &options, id, &backup, &error), error);
    assert_string_equal(cutover_backup_status(backup), "verified");
    cutover_backup_free(backup);
}

static int count_backups(struct shop *shop)
{
    char *folder = shop_format("%s/backups", shop->home);
    DIR *entries = opendir(folder);
    int count = 0;

    assert_non_null(entries);
    for (struct dirent *entry; (entry = readdir(entries)) != NULL;)
        count += entry->d_name[0] != '.';
    closedir(entries);
    free(folder);
    return count;
}

/* Stops a backup at a step; its record is then a cancelled one. */
static cutover_backup *take_and_stop(struct shop *shop, const char *step)
{
    cutover_backup_options options = options_of(CUTOVER_VERIFY_RESTORE);
    cutover_backup_list *list = NULL;
    cutover_backup *backup = NULL;
    cutover_error *error = NULL;

    options.progress = stop_at_step;
    options.progress_userdata = (void *)(uintptr_t)step;
    check_status(cutover_backup_create(shop->engine, &options, NULL, &error), CUTOVER_E_CANCELLED, error);
    check_ok(cutover_backups_list(shop->engine, "shop", NULL, 10, &list, &error), error);
    assert_int_equal(cutover_backup_list_count(list), 1);
    const char *id = cutover_backup_id(cutover_backup_list_at(list, 0));
    check_ok(cutover_backup_get(shop->engine, id, &backup, &error), error);
    assert_string_equal(cutover_backup_status(backup), "cancelled");
    cutover_backup_list_free(list);
    char *events = shop_events(shop, "shop"), *audit = shop_audit(shop, "shop");
    assert_string_equal(events, "backup.cancelled");
    assert_string_equal(audit, "backup.started backup.cancelled");
    free(events);
    free(audit);
    return backup;
}

static void a_backup_that_is_stopped_leaves_a_record_and_no_bytes(void **state)
{
    struct shop *shop = *state;
    cutover_backup_options options = options_of(CUTOVER_VERIFY_READBACK);
    cutover_backup *backup = take_and_stop(shop, "backup");
    cutover_error *error = NULL;

    assert_int_equal(count_backups(shop), 0);
    check_status(cutover_backup_verify(shop->engine, &options, cutover_backup_id(backup), NULL, &error),
                 CUTOVER_E_STATE, error);
    cutover_backup_free(backup);
}

/* It was written whole: what was not told of it yet can be. */
static void a_backup_that_is_stopped_while_verified_can_be_verified_again(void **state)
{
    struct shop *shop = *state;
    cutover_backup *backup = take_and_stop(shop, "verify");

    assert_int_equal(count_backups(shop), 1);
    cutover_backup_options options = options_of(CUTOVER_VERIFY_READBACK);
    cutover_backup_job *job = NULL;
    cutover_error *error = NULL;

    check_ok(cutover_backup_verify_start(shop->engine, &options, cutover_backup_id(backup), &job, &error),
             error);
    assert_string_not_equal(cutover_backup_job_id(job), cutover_backup_id(backup));
    cutover_backup_job_free(job);
    check_equal(shop, cutover_backup_id(backup), CUTOVER_VERIFY_RESTORE);
    cutover_backup_free(backup);
}

/* ---- damaged ---- */

/* The names of the archive's files, sorted, and how many. */
static size_t list_files(const char *path, char names[][256], size_t capacity)
{
    struct dirent **entries = NULL;
    int count = scandir(path, &entries, NULL, alphasort);
    size_t kept = 0;

    assert_true(count > 0);
    for (int i = 0; i < count; i++) {
        if (entries[i]->d_name[0] != '.') {
            assert_true(kept < capacity);
            snprintf(names[kept++], 256, "%s", entries[i]->d_name);
        }
        free(entries[i]);
    }
    free(entries);
    return kept;
}

static void flip(const char *file, off_t offset)
{
    int descriptor = open(file, O_RDWR | O_CLOEXEC);
    unsigned char byte;

    assert_true(descriptor >= 0);
    assert_int_equal(pread(descriptor, &byte, 1, offset), 1);
    byte ^= 0x10;
    assert_int_equal(pwrite(descriptor, &byte, 1, offset), 1);
    close(descriptor);
}

/* Verifies, and expects "different" with the file's name; the record is then a failed backup. */
static void check_different(struct shop *shop, const char *id, cutover_verify_method method, const char *name)
{
    cutover_backup_options options = options_of(method);
    cutover_backup *backup = NULL;
    cutover_error *error = NULL;

    check_status_keep(cutover_backup_verify(shop->engine, &options, id, &backup, &error), CUTOVER_E_VERIFY,
                      error);
    assert_null(backup);
    assert_int_equal(cutover_error_verdict(error), CUTOVER_VERDICT_DIFFERENT);
    char *told = shop_format("%s %s", cutover_error_message(error), cutover_error_detail(error));
    check_contains(told, name);
    free(told);
    cutover_error_free(error);
    error = NULL;
    check_ok(cutover_backup_get(shop->engine, id, &backup, &error), error);
    assert_string_equal(cutover_backup_status(backup), "failed");
    check_contains(cutover_backup_json(backup), "\"different\"");
    cutover_backup_free(backup);
}

/* A job of its own each time: with an id that its progress tells, and a report that stays. */
struct verification {
    const char *stop_at; /* NULL: it is not stopped */
    char job_id[64];
};

static int32_t note_job(const cutover_progress *progress, void *userdata)
{
    struct verification *verification = userdata;

    snprintf(verification->job_id, sizeof verification->job_id, "%s", progress->job_id);
    return verification->stop_at != NULL && strcmp(progress->step, verification->stop_at) == 0;
}

static void check_job(struct shop *shop, const char *job_id, const char *backup_id, const char *status,
                      const char *verdict)
{
    cutover_error *error = NULL;
    cutover_job *job = NULL;

    check_ok(cutover_job_get(shop->engine, job_id, &job, &error), error);
    assert_string_equal(cutover_job_kind(job), "verification");
    assert_string_equal(cutover_job_status(job), status);
    assert_string_equal(cutover_job_project_id(job), "shop");
    assert_true(cutover_job_is_over(job));
    struct json_object *report = json_tokener_parse(cutover_job_report(job));
    assert_string_equal(json_object_get_string(json_object_object_get(report, "job_id")), job_id);
    assert_string_equal(json_object_get_string(json_object_object_get(report, "kind")), "verification");
    assert_string_equal(json_object_get_string(json_object_object_get(report, "status")), status);
    assert_string_equal(json_object_get_string(json_object_object_get(report, "backup_id")), backup_id);
    struct json_object *found = json_object_object_get(report, "backup_verification");
    assert_string_equal(json_object_get_string(json_object_object_get(found, "verdict")), verdict);
    assert_true((json_object_object_get(report, "error") == NULL) == (strcmp(status, "verified") == 0));
    json_object_put(report);
    cutover_job_free(job);
}

static void verify_as(struct shop *shop, const char *id, struct verification *verification,
                      cutover_status expected)
{
    cutover_backup_options options = options_of(CUTOVER_VERIFY_READBACK);
    cutover_error *error = NULL;

    options.progress = note_job;
    options.progress_userdata = verification;
    check_status(cutover_backup_verify(shop->engine, &options, id, NULL, &error), expected, error);
    assert_string_not_equal(verification->job_id, id);
}

static void each_verification_of_a_backup_is_a_job_that_can_be_read_afterwards(void **state)
{
    struct shop *shop = *state;
    cutover_backup_options options = options_of(CUTOVER_VERIFY_READBACK);
    cutover_backup *backup = take(shop, &options);
    const char *id = cutover_backup_id(backup);
    struct verification equal = {0}, cancelled = {.stop_at = "verify"}, different = {0};
    char *path = path_of(shop, backup), *manifest = shop_format("%s/manifest.json", path);
    cutover_filter filter = CUTOVER_FILTER_INIT;
    cutover_job_list *list = NULL;
    cutover_error *error = NULL;

    verify_as(shop, id, &equal, CUTOVER_OK);
    verify_as(shop, id, &cancelled, CUTOVER_E_CANCELLED);
    flip(manifest, 0);
    verify_as(shop, id, &different, CUTOVER_E_VERIFY);
    check_ok(cutover_backup_delete(shop->engine, &shop_operator, id, &error), error);

    check_job(shop, equal.job_id, id, "verified", "equal");
    check_job(shop, cancelled.job_id, id, "cancelled", "none");
    check_job(shop, different.job_id, id, "failed", "different");
    filter.kind = "verification";
    check_ok(cutover_jobs_find(shop->engine, &filter, &list, &error), error);
    assert_int_equal(cutover_job_list_count(list), 3);
    assert_string_equal(cutover_job_id(cutover_job_list_at(list, 1)), cancelled.job_id);
    cutover_job_list_free(list);
    char *audit = shop_audit(shop, "shop");
    assert_string_equal(audit, "backup.started backup.completed backup.verify_started backup.completed "
                               "backup.verify_started backup.verify_cancelled backup.verify_started "
                               "backup.failed backup.deleted");
    free(audit);
    cutover_backup_free(backup);
    free(manifest);
    free(path);
}

/* Of commits that write a verification, so many are not made: set when one has begun to verify. */
static cutover_status (*behind_commit)(const cutover_write *const *writes, size_t count, cutover_error **error,
                                       void *userdata);
static unsigned refused_next, refused;

static cutover_status commit_unless_refused(const cutover_write *const *writes, size_t count,
                                            cutover_error **error, void *userdata)
{
    for (size_t i = 0; i < count && refused > 0; i++) {
        if (strcmp(writes[i]->kind, "verification") != 0)
            continue;
        refused--;
        *error = cutover_error_new(CUTOVER_E_STORE, "the store is away", NULL, NULL);
        return CUTOVER_E_STORE;
    }
    return behind_commit(writes, count, error, userdata);
}

static int32_t lose_store(const cutover_progress *progress, void *userdata)
{
    snprintf(userdata, 64, "%s", progress->job_id);
    if (strcmp(progress->step, "verify") == 0 && refused_next > 0) {
        refused = refused_next;
        refused_next = 0;
    }
    return 0;
}

static void a_difference_that_the_store_did_not_take_is_not_lost(void **state)
{
    struct shop *shop = *state;
    struct host *host = &shop->engine->host;
    cutover_backup_options options = options_of(CUTOVER_VERIFY_READBACK);
    cutover_backup *backup = take(shop, &options);
    const char *id = cutover_backup_id(backup);
    char *path = path_of(shop, backup), *manifest = shop_format("%s/manifest.json", path), job_id[64];
    cutover_backup *now = NULL;
    cutover_error *error = NULL;

    flip(manifest, 0);
    behind_commit = host->store.commit;
    host->store.commit = commit_unless_refused;
    options.progress = lose_store;
    options.progress_userdata = job_id;
    for (size_t i = 0; i < 2; i++) {
        /* Tried again; and where that does not help remembered until recovery comes. */
        const bool remembered = i == 1;
        host->verdict_wait_ms = remembered ? 0 : VERDICT_WAIT_MS;
        refused_next = remembered ? 1 : 2;
        check_status(cutover_backup_verify(shop->engine, &options, id, NULL, &error), CUTOVER_E_VERIFY, error);
        assert_int_equal(refused, 0);
        check_ok(cutover_backup_get(shop->engine, id, &now, &error), error);
        assert_string_equal(cutover_backup_status(now), remembered ? "verifying" : "failed");
        cutover_backup_free(now);
        if (remembered)
            check_ok(cutover_recover(shop->engine, NULL, NULL, NULL, &error), error);
        check_job(shop, job_id, id, "failed", "different");
        check_ok(cutover_backup_get(shop->engine, id, &now, &error), error);
        assert_string_equal(cutover_backup_status(now), "failed");
        check_contains(cutover_backup_json(now), "\"different\"");
        cutover_backup_free(now);
        if (remembered)
            break;
        flip(manifest, 0);
        options.progress = NULL;
        check_ok(cutover_backup_verify(shop->engine, &options, id, NULL, &error), error);
        options.progress = lose_store;
        flip(manifest, 0);
    }
    host->store.commit = behind_commit;
    cutover_backup_free(backup);
    free(manifest);
    free(path);
}

/* One byte of every file in turn: the first, one in the middle, the last; and every file taken away. */
static void damage_to_any_file_is_found_and_named(void **state)
{
    struct shop *shop = *state;
    cutover_backup_options options = options_of(CUTOVER_VERIFY_READBACK);
    cutover_backup *backup = take(shop, &options);
    const char *id = cutover_backup_id(backup);
    char names[64][256];
    char *path = path_of(shop, backup);
    size_t count = list_files(path, names, 64);
    bool by_restore = true;

    assert_true(count >= 8);
    for (size_t i = 0; i < count; i++) {
        char *file = shop_format("%s/%s", path, names[i]), *aside = shop_format("%s/aside", shop->home);
        struct stat status;
        assert_int_equal(stat(file, &status), 0);
        assert_int_equal(status.st_mode & 0777, 0600);
        assert_true(status.st_size > 0);
        const off_t offsets[] = {0, status.st_size / 2, status.st_size - 1};
        for (size_t k = 0; k < 3; k++) {
            flip(file, offsets[k]);
            check_different(shop, id, CUTOVER_VERIFY_READBACK, names[i]);
            flip(file, offsets[k]);
        }
        assert_int_equal(rename(file, aside), 0);
        check_different(shop, id, by_restore ? CUTOVER_VERIFY_RESTORE : CUTOVER_VERIFY_READBACK, names[i]);
        assert_int_equal(rename(aside, file), 0);
        by_restore = !by_restore;
        free(file);
        free(aside);
    }
    check_equal(shop, id, CUTOVER_VERIFY_READBACK);
    check_equal(shop, id, CUTOVER_VERIFY_RESTORE);
    cutover_backup_free(backup);
    free(path);
}

static void a_file_too_many_or_too_long_is_found(void **state)
{
    struct shop *shop = *state;
    cutover_backup_options options = options_of(CUTOVER_VERIFY_READBACK);
    cutover_backup *backup = take(shop, &options);
    const char *id = cutover_backup_id(backup);
    char *path = path_of(shop, backup), *stranger = shop_format("%s/9999.dat.gz", path);
    char *toc = shop_format("%s/toc.dat", path);
    struct stat status;

    fclose(fopen(stranger, "we"));
    check_different(shop, id, CUTOVER_VERIFY_READBACK, "9999.dat.gz");
    unlink(stranger);
    assert_int_equal(stat(toc, &status), 0);
    FILE *file = fopen(toc, "ae");
    assert_non_null(file);
    fputc('\0', file);
    fclose(file);
    check_different(shop, id, CUTOVER_VERIFY_READBACK, "toc.dat");
    assert_int_equal(truncate(toc, status.st_size - 1), 0);
    check_different(shop, id, CUTOVER_VERIFY_READBACK, "toc.dat");
    cutover_backup_free(backup);
    free(path);
    free(stranger);
    free(toc);
}

/* When the server for the throwaway database is away nothing is known against the backup: it stays verified (EDGE_CASES
   D9). */
static void a_verification_that_cannot_be_made_says_so(void **state)
{
    struct shop *shop = *state;
    cutover_project project = CUTOVER_PROJECT_INIT;
    cutover_backup_options options = options_of(CUTOVER_VERIFY_READBACK);
    cutover_backup *backup = NULL;
    cutover_error *error = NULL;

    project.id = "away";
    project.database = cluster_conninfo(cluster, "shop");
    project.verify_database = "host=/nonexistent dbname=postgres";
    check_ok(cutover_registry_project_add(shop->registry, &project, &error), error);
    options.project_id = "away";
    backup = take(shop, &options);
    options.verify = CUTOVER_VERIFY_RESTORE;
    check_status_keep(cutover_backup_verify(shop->engine, &options, cutover_backup_id(backup), NULL, &error),
                      CUTOVER_E_VERIFY, error);
    assert_int_equal(cutover_error_verdict(error), CUTOVER_VERDICT_UNKNOWN);
    cutover_error_free(error);
    error = NULL;
    cutover_backup *read = NULL;
    check_ok(cutover_backup_get(shop->engine, cutover_backup_id(backup), &read, &error), error);
    assert_string_equal(cutover_backup_status(read), "verified");
    cutover_backup_free(backup);
    cutover_backup_free(read);
}

/* Whoever changes files and the manifest to match still does not have the record's SHA-256 of it. */
static void a_rewritten_manifest_is_found(void **state)
{
    struct shop *shop = *state;
    cutover_backup_options options = options_of(CUTOVER_VERIFY_READBACK);
    cutover_backup *backup = take(shop, &options);
    char *path = path_of(shop, backup), *manifest = shop_format("%s/manifest.json", path);
    FILE *file = fopen(manifest, "ae");

    assert_non_null(file);
    fputs("\n", file);
    fclose(file);
    check_different(shop, cutover_backup_id(backup), CUTOVER_VERIFY_READBACK, "manifest.json");
    cutover_backup_free(backup);
    free(path);
    free(manifest);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_shop, shop_teardown)

/* ---- how it is written ---- */

/* A repository whose first write, of a table that two streams share, lasts until the other one has got further. */
static struct {
    cutover_repository behind;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    uint64_t bytes_done;
    bool is_slow, got_further;
} slow = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static cutover_status slow_write(void *object, const void *bytes, size_t count, cutover_error **error,
                                 void *userdata)
{
    int64_t deadline = monotonic_us() + 60 * SHOP_SECOND;

    pthread_mutex_lock(&slow.mutex);
    bool is_first = slow.is_slow;
    slow.is_slow = false;
    while (is_first && slow.bytes_done == 0 && wait_until(&slow.changed, &slow.mutex, deadline))
        ;
    slow.got_further = slow.got_further || (is_first && slow.bytes_done > 0);
    pthread_mutex_unlock(&slow.mutex);
    return slow.behind.write(object, bytes, count, error, userdata);
}

static int32_t slow_progress(const cutover_progress *progress, void *userdata)
{
    (void)userdata;
    pthread_mutex_lock(&slow.mutex);
    slow.bytes_done = progress->bytes_done;
    pthread_cond_broadcast(&slow.changed);
    pthread_mutex_unlock(&slow.mutex);
    return 0;
}

static void a_slow_write_holds_up_no_other_stream_of_its_table(void **state)
{
    struct shop *shop = *state;
    cutover_backup_options options = options_of(CUTOVER_VERIFY_RESTORE);
    cutover_engine_options engine_options = CUTOVER_ENGINE_OPTIONS_INIT;
    cutover_repository repository = shop->repository;
    cutover_engine *engine = NULL;
    cutover_backup *backup = NULL;
    cutover_error *error = NULL;
    char *work = shop_format("%s/work", shop->home);

    shop_database(cluster, "big",
                  "CREATE TABLE big (id bigint PRIMARY KEY, filler text);"
                  "ALTER TABLE big ALTER filler SET STORAGE PLAIN;");
    cluster_sql(cluster, "big",
                "INSERT INTO big SELECT g, repeat(md5(g::text), 30) FROM generate_series(1, 72000) g");
    shop_project(shop, "big", cluster_conninfo(cluster, "big"));
    slow.behind = shop->repository;
    slow.is_slow = true;
    assert_int_equal(wait_init(&slow.changed), 0);
    repository.write = slow_write;
    engine_options.store = &shop->store;
    engine_options.repository = &repository;
    engine_options.platform = &shop->known;
    engine_options.work_dir = work;
    check_ok(cutover_engine_new(&engine_options, &engine, &error), error);
    options.project_id = "big";
    options.jobs = 2;
    options.progress = slow_progress;
    check_ok(cutover_backup_create(engine, &options, &backup, &error), error);
    assert_true(slow.got_further);
    assert_string_equal(cutover_backup_status(backup), "verified");
    pthread_cond_destroy(&slow.changed);
    cutover_backup_free(backup);
    cutover_engine_free(engine);
    cluster_sql(cluster, "postgres", "DROP DATABASE big");
    free(work);
}

/* ---- on another server ---- */

/* Which has no tablespace of that name (EDGE_CASES A42): where a throwaway database lies is nobody's matter. */
static void a_throwaway_database_elsewhere_needs_no_tablespace_of_production_s(void **state)
{
    struct shop *shop = *state;
    cutover_project project = CUTOVER_PROJECT_INIT;
    cutover_backup_options options = options_of(CUTOVER_VERIFY_RESTORE);
    cutover_error *error = NULL;
    struct cluster *elsewhere = cluster_start(NULL);
    char *folder = shop_format("%s/data/space", cluster_socket_dir(cluster));
    char *make = shop_format("COPY (SELECT 1) TO PROGRAM 'cat >/dev/null; mkdir %s'", folder);
    char *space = shop_format("CREATE TABLESPACE space LOCATION '%s'", folder);

    cluster_sql(cluster, "postgres", make);
    cluster_sql(cluster, "postgres", space);
    cluster_sql(cluster, "postgres", "CREATE DATABASE spacious TEMPLATE template0 TABLESPACE space");
    cluster_sql(cluster, "spacious", shop_production_sql());
    project.id = "spacious";
    project.database = cluster_conninfo(cluster, "spacious");
    project.verify_database = cluster_conninfo(elsewhere, "postgres");
    check_ok(cutover_registry_project_add(shop->registry, &project, &error), error);
    options.project_id = "spacious";
    cutover_backup *backup = take(shop, &options);
    assert_string_equal(cutover_backup_status(backup), "verified");
    cutover_backup_free(backup);
    shop_check_server(elsewhere);
    cluster_stop(elsewhere);
    cluster_sql(cluster, "postgres", "DROP DATABASE spacious");
    cluster_sql(cluster, "postgres", "DROP TABLESPACE space");
    free(folder);
    free(make);
    free(space);
}

/* ---- how it begins ---- */

/* A store that is watched: what leads recovery to a backup is in the commit that makes work of it. */
static struct {
    cutover_store behind;
    unsigned begun; /* commits with a new lease */
    bool loses;     /* the answer to the next of them */
} watched;

static const cutover_write *write_of(const cutover_write *const *writes, size_t count, const char *kind)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(writes[i]->kind, kind) == 0)
            return writes[i];
    return NULL;
}

static cutover_status watched_commit(const cutover_write *const *writes, size_t count, cutover_error **error,
                                     void *userdata)
{
    const cutover_write *lease = write_of(writes, count, "lease"), *backup = write_of(writes, count, "backup");
    const cutover_write *verification = write_of(writes, count, "verification");
    bool begins = lease != NULL && lease->expected_version == 0;
    cutover_status status = watched.behind.commit(writes, count, error, userdata);

    if (begins) {
        watched.begun++;
        assert_non_null(backup);
        assert_string_equal(lease->id, verification != NULL ? verification->id : backup->id);
    }
    assert_true(begins || backup == NULL || backup->expected_version != 0);
    assert_true(begins || verification == NULL || verification->expected_version != 0);
    if (begins && watched.loses && status == CUTOVER_OK) {
        watched.loses = false;
        *error = cutover_error_new(CUTOVER_E_STORE, "the answer was lost", NULL, NULL);
        status = CUTOVER_E_STORE;
    }
    return status;
}

static cutover_engine *watched_engine(struct shop *shop)
{
    cutover_engine_options options = CUTOVER_ENGINE_OPTIONS_INIT;
    cutover_store store = shop->store;
    cutover_engine *engine = NULL;
    cutover_error *error = NULL;
    char *work = shop_format("%s/work", shop->home);

    watched.behind = shop->store;
    watched.begun = 0;
    watched.loses = false;
    store.commit = watched_commit;
    options.store = &store;
    options.repository = &shop->repository;
    options.platform = &shop->known;
    options.work_dir = work;
    check_ok(cutover_engine_new(&options, &engine, &error), error);
    free(work);
    return engine;
}

static void a_backup_begins_with_its_lease(void **state)
{
    struct shop *shop = *state;
    cutover_backup_options options = options_of(CUTOVER_VERIFY_READBACK);
    cutover_engine *engine = watched_engine(shop);
    cutover_backup *backup = NULL;
    cutover_error *error = NULL;

    check_ok(cutover_backup_create(engine, &options, &backup, &error), error);
    assert_int_equal(watched.begun, 1);
    check_ok(cutover_backup_verify(engine, &options, cutover_backup_id(backup), NULL, &error), error);
    assert_int_equal(watched.begun, 2);
    cutover_backup_free(backup);
    cutover_engine_free(engine);
}

static cutover_status told(const cutover_recovery *recovery, void *context)
{
    assert_int_equal(recovery->outcome, CUTOVER_RECOVERED_UNDONE);
    snprintf(context, 40, "%s", recovery->job_id);
    return CUTOVER_OK;
}

static void check_recovered(struct shop *shop, const char *status)
{
    cutover_job *job = NULL;
    cutover_error *error = NULL;
    char id[40] = "";

    check_ok(cutover_recover(shop->engine, NULL, told, id, &error), error);
    check_ok(cutover_job_get(shop->engine, id, &job, &error), error);
    assert_string_equal(cutover_job_status(job), status);
    cutover_job_free(job);
}

/* The process lives, and its lease would run for another while: it gave the job up, and says so. */
static void a_backup_whose_begin_was_not_answered_is_recovered_at_once(void **state)
{
    struct shop *shop = *state;
    cutover_backup_options options = options_of(CUTOVER_VERIFY_READBACK);
    cutover_engine *engine = watched_engine(shop);
    cutover_error *error = NULL;

    watched.loses = true;
    check_status(cutover_backup_create(engine, &options, NULL, &error), CUTOVER_E_STORE, error);
    check_recovered(shop, "failed");
    cutover_backup *backup = take(shop, &options);
    /* Whether a verification has begun can be seen. */
    watched.loses = true;
    check_ok(cutover_backup_verify(engine, &options, cutover_backup_id(backup), NULL, &error), error);
    assert_false(watched.loses); /* an answer was lost */
    cutover_backup_free(backup);
    cutover_engine_free(engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_backup_restores_without_the_library),
        TEST(a_backup_needs_an_operator_and_a_project),
        TEST(a_backup_that_nothing_could_restore_is_not_begun),
        TEST(a_partitioned_table_s_foreign_key_waits_for_its_partitions),
        TEST(backups_are_listed_and_deleted),
        TEST(a_backup_that_is_stopped_leaves_a_record_and_no_bytes),
        TEST(a_backup_that_is_stopped_while_verified_can_be_verified_again),
        TEST(each_verification_of_a_backup_is_a_job_that_can_be_read_afterwards),
        TEST(a_difference_that_the_store_did_not_take_is_not_lost),
        TEST(damage_to_any_file_is_found_and_named),
        TEST(a_file_too_many_or_too_long_is_found),
        TEST(a_verification_that_cannot_be_made_says_so),
        TEST(a_rewritten_manifest_is_found),
        TEST(a_slow_write_holds_up_no_other_stream_of_its_table),
        TEST(a_throwaway_database_elsewhere_needs_no_tablespace_of_production_s),
        TEST(a_backup_begins_with_its_lease),
        TEST(a_backup_whose_begin_was_not_answered_is_recovered_at_once),
    };

    return cmocka_run_group_tests_name("backup", tests, start_cluster, NULL);
}
