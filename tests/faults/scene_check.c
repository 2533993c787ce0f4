/* What must be true once recovery has run. */
#include "faults/scene.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- production: wholly the one or the other, open, writable, and bearing what it bore ---- */

static bool check_production(struct scene *scene)
{
    struct cluster *cluster = scene->cluster;
    const struct scenario *scenario = scene->scenario;

    /* As a client would. */
    PGconn *client = PQconnectdb(cluster_conninfo_as(cluster, SCENE_PRODUCTION, "app"));
    if (PQstatus(client) != CONNECTION_OK)
        fail_msg("a client cannot connect: %s", PQerrorMessage(client));
    PGresult *result = PQexec(client, "INSERT INTO visits DEFAULT VALUES");
    if (PQresultStatus(result) != PGRES_COMMAND_OK)
        fail_msg("a client cannot write: %s", PQerrorMessage(client));
    PQclear(result);
    result = PQexec(client, "SELECT generation FROM marker");
    assert_int_equal(PQntuples(result), 1);
    bool after = strcmp(PQgetvalue(result, 0, 0), scenario->after) == 0;
    const char *generation = after ? scenario->after : scenario->before;
    assert_string_equal(PQgetvalue(result, 0, 0), generation);
    PQclear(result);
    PQfinish(client);
    char *content = scene_content(cluster, SCENE_PRODUCTION);
    assert_string_equal(content, strcmp(generation, "old") == 0 ? scene->old_content : scene->new_content);
    free(content);
    char *properties = shop_properties(cluster, SCENE_PRODUCTION);
    check_same_text(properties, scene->properties);
    free(properties);
    return after;
}

/* ---- the records ---- */

static cutover_status count_document(const cutover_document *document, void *context)
{
    fprintf(stderr, "%s %s: %s\n", document->kind, document->id, document->body);
    ++*(unsigned *)context;
    return CUTOVER_OK;
}

static unsigned count_documents(struct shop *shop, const char *kind)
{
    cutover_error *error = NULL;
    unsigned count = 0;

    check_ok(shop->store.list(kind, NULL, "", 1000, count_document, &count, &error, shop->store.userdata),
             error);
    return count;
}

static unsigned count_word(const char *words, const char *word)
{
    size_t length = strlen(word);
    unsigned count = 0;

    for (const char *at = words; (at = strstr(at, word)) != NULL; at += length)
        if ((at == words || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0'))
            count++;
    return count;
}

struct jobs {
    unsigned completed, failed;
};

/* No job's record is left unfinished. */
static cutover_status count_job(const cutover_document *document, void *context)
{
    struct jobs *jobs = context;
    struct json_object *record = json_tokener_parse(document->body), *status = NULL;

    assert_non_null(record);
    assert_true(json_object_object_get_ex(record, "status", &status));
    const char *name = json_object_get_string(status);
    if (strcmp(name, "completed") == 0)
        jobs->completed++;
    else if (strcmp(name, "failed") == 0)
        jobs->failed++;
    else
        fail_msg("job %s is %s", document->id, name);
    json_object_put(record);
    return CUTOVER_OK;
}

/* What the audit trail says beyond what it said before. */
static unsigned audited(const struct scene *scene, const char *audit, const char *action)
{
    return count_word(audit, action) - count_word(scene->audit, action);
}

static void check_records(struct scene *scene, struct shop *shop, bool done)
{
    const struct scenario *scenario = scene->scenario;
    struct jobs jobs = {0, 0};
    cutover_error *error = NULL;

    check_ok(shop->store.list("promotion", NULL, "", 1000, count_job, &jobs, &error, shop->store.userdata),
             error);
    bool begun = jobs.completed + jobs.failed > scene->jobs_before;
    assert_int_equal(jobs.completed, scene->jobs_before + done);
    assert_int_equal(jobs.failed, begun && !done);
    char *status = shop_request_status(shop, scene->request_id);
    assert_string_equal(status, done ? scenario->done : begun ? scenario->undone : scenario->not_begun);
    bool live = strcmp(status, "acked") == 0;
    free(status);
    char *audit = shop_audit(shop, SCENE_PROJECT);
    assert_int_equal(audited(scene, audit, scenario->done_audit), done);
    if (scenario->undone_audit != NULL)
        assert_int_equal(audited(scene, audit, scenario->undone_audit), begun && !done);
    free(audit);
    char *state = shop_project_state(shop, SCENE_PROJECT);
    assert_string_equal(state, "active");
    free(state);
    assert_int_equal(count_documents(shop, "lock"), 0);
    assert_int_equal(count_documents(shop, "lease"), 0);
    assert_int_equal(count_documents(shop, "gate"), 0);
    if (!live)
        assert_int_equal(count_documents(shop, "claim"), 0);
}

/* ---- backups ---- */

/* A folder of the home holds so many things; those that are hidden do not count. */
static void check_entries(const char *home, const char *name, unsigned expected)
{
    char *path = shop_format("%s/%s", home, name), *names = shop_format("%s", "");
    DIR *folder = opendir(path);
    unsigned count = 0;

    assert_non_null(folder);
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;)
        if (entry->d_name[0] != '.') {
            char *longer = shop_format("%s %s", names, entry->d_name);
            free(names);
            names = longer;
            count++;
        }
    closedir(folder);
    if (count != expected)
        fail_msg("%s holds %u instead of %u:%s", path, count, expected, names);
    free(names);
    free(path);
}

static bool is_kept(struct shop *shop, const cutover_backup *backup)
{
    char path[4096];
    cutover_error *error = NULL;
    cutover_status status =
        cutover_backup_path(shop->engine, cutover_backup_id(backup), path, sizeof path, &error);

    cutover_error_free(error);
    return status == CUTOVER_OK;
}

/* Every backup is verified and verifies, or has failed; what lies in the repository belongs to one of them. */
static void check_backups(struct scene *scene, struct shop *shop, bool done)
{
    cutover_backup_options options = CUTOVER_BACKUP_OPTIONS_INIT;
    cutover_backup_list *list = NULL;
    cutover_error *error = NULL;
    unsigned kept = 0, verified = 0;

    options.actor = shop_operator;
    options.verify = CUTOVER_VERIFY_READBACK;
    options.jobs = 1;
    check_ok(cutover_backups_list(shop->engine, SCENE_PROJECT, NULL, 1000, &list, &error), error);
    for (size_t i = 0; i < cutover_backup_list_count(list); i++) {
        const cutover_backup *backup = cutover_backup_list_at(list, i);
        const char *status = cutover_backup_status(backup), *id = cutover_backup_id(backup);
        if (strcmp(status, "verified") == 0) {
            check_ok(cutover_backup_verify(shop->engine, &options, id, NULL, &error), error);
            verified++;
        } else {
            assert_string_equal(status, "failed");
        }
        kept += is_kept(shop, backup);
    }
    if (done)
        assert_true(verified > 0);
    cutover_backup_list_free(list);
    check_entries(scene->home, "backups", kept);
    check_entries(scene->home, "work", 0);
}

/* ---- all of it ---- */

static cutover_status told(const cutover_recovery *recovery, void *context)
{
    fprintf(stderr, "%s %s: %s\n", recovery->job, recovery->job_id, recovery->message);
    ++*(unsigned *)context;
    return CUTOVER_OK;
}

unsigned scene_displaced(struct cluster *cluster)
{
    assert_int_equal(cluster_number(cluster, "postgres",
                                    "SELECT count(*) FROM pg_database"
                                    " WHERE datname ~ '^cutover_old_' AND datallowconn"),
                     0);
    return (unsigned)cluster_number(cluster, "postgres",
                                    "SELECT count(*) FROM pg_database WHERE datname ~ '^cutover_old_'");
}

/* A session that was ended, and a child of a process that was killed, take a moment to be gone. */
static void check_nothing_left(struct cluster *cluster)
{
    static const char *const left[] = {
        "SELECT count(*) FROM pg_database WHERE datname ~ '^cutover_(stage|verify)_'",
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'",
        ("SELECT count(*) FROM pg_stat_activity"
         " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"),
    };
    const struct timespec pause = {0, 10 * 1000 * 1000};

    for (size_t i = 0; i < sizeof left / sizeof *left; i++) {
        int tries = 0;
        while (cluster_number(cluster, "postgres", left[i]) != 0) {
            if (++tries == 500)
                fail_msg("not 0: %s", left[i]);
            nanosleep(&pause, NULL);
        }
    }
}

bool scene_check(struct scene *scene)
{
    struct shop shop;
    cutover_error *error = NULL;
    unsigned unfinished = 0;

    scene->production_is_spent = true; /* if the check fails */
    bool done = check_production(scene);
    assert_int_equal(scene_displaced(scene->cluster),
                     scene->displaced_before + (done && scene->scenario->displaces));
    shop_open(&shop, scene->cluster, scene->home);
    check_records(scene, &shop, done);
    check_backups(scene, &shop, done);
    check_ok(cutover_recover(shop.engine, NULL, told, &unfinished, &error), error);
    assert_int_equal(unfinished, 0);
    shop_close(&shop);
    check_nothing_left(scene->cluster);
    scene->production_is_spent = done;
    return done;
}
