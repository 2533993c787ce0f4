/* What must be true once recovery has run. */
#include "faults/scene.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- a database: wholly the one or the other, open, writable, and bearing what it bore ---- */

static char *ask(PGconn *client, const char *sql)
{
    PGresult *result = PQexec(client, sql);

    if (PQresultStatus(result) != PGRES_TUPLES_OK || PQntuples(result) != 1)
        fail_msg("a client cannot ask: %s", PQerrorMessage(client));
    char *value = shop_format("%s", PQgetvalue(result, 0, 0));
    PQclear(result);
    return value;
}

static void do_write(PGconn *client, const char *sql)
{
    PGresult *result = PQexec(client, sql);

    if (PQresultStatus(result) != PGRES_COMMAND_OK)
        fail_msg("a client cannot write: %s", PQerrorMessage(client));
    PQclear(result);
}

/* Looks and writes as a client would, and takes it back: the next job finds tables of the same size, and so goes the same way;
   malloc'd. The empty one stays empty, though the temporary schema stays (EDGE_CASES B30). */
static char *generation_of(struct cluster *cluster, const char *database)
{
    PGconn *client = PQconnectdb(cluster_conninfo_as(cluster, database, "app"));

    if (PQstatus(client) != CONNECTION_OK)
        fail_msg("a client cannot connect: %s", PQerrorMessage(client));
    char *things = ask(client, "SELECT (SELECT count(*) FROM pg_class WHERE oid >= 16384)"
                               "     + (SELECT count(*) FROM pg_largeobject_metadata)");
    bool empty = strcmp(things, "0") == 0;
    do_write(client, empty ? "CREATE TEMPORARY TABLE note ()" : "INSERT INTO visits DEFAULT VALUES");
    if (!empty)
        do_write(client, "TRUNCATE visits");
    char *generation =
        empty ? shop_format("%s", "empty") : ask(client, "SELECT string_agg(generation, ' ') FROM marker");
    PQfinish(client);
    free(things);
    return generation;
}

/* Returns whether it is the one that it was to become. */
static bool check_database(struct scene *scene, const char *name, const struct scene_look *look,
                           const char *before, const char *after)
{
    char *generation = generation_of(scene->cluster, name);
    bool changed = strcmp(generation, before) != 0;

    if (changed)
        assert_string_equal(generation, after);
    if (strcmp(generation, "empty") != 0) {
        char *content = scene_content(scene->cluster, name);
        assert_string_equal(content, strcmp(generation, "old") == 0 ? scene->old_content : scene->new_content);
        free(content);
    }
    char *properties = shop_properties(scene->cluster, name);
    check_same_text(properties, look->properties);
    assert_int_equal(scene_oid(scene->cluster, name) != look->oid, changed);
    free(properties);
    free(generation);
    return changed;
}

/* The databases that clients know: what the job does not replace is untouched. Returns whether the other one is replaced. */
static bool check_databases(struct scene *scene)
{
    const struct scenario *scenario = scene->scenario;
    const char *of_production = "old", *of_empty = "empty", *production_after = "old", *empty_after = "empty";

    if (scenario->database != NULL && strcmp(scenario->database, SCENE_PRODUCTION) == 0) {
        of_production = scenario->before;
        production_after = scenario->after;
    } else if (scenario->database != NULL) {
        of_empty = scenario->before;
        empty_after = scenario->after;
    }
    bool production =
        check_database(scene, SCENE_PRODUCTION, &scene->production, of_production, production_after);
    bool empty = check_database(scene, SCENE_EMPTY, &scene->empty, of_empty, empty_after);
    return production || empty;
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

/* Of promotions, or of backups. */
struct jobs {
    unsigned done, failed;
};

/* No job's record is left unfinished. */
static cutover_status count_job(const cutover_document *document, void *context)
{
    struct jobs *jobs = context;
    struct json_object *record = json_tokener_parse(document->body), *status = NULL;

    assert_non_null(record);
    assert_true(json_object_object_get_ex(record, "status", &status));
    const char *name = json_object_get_string(status);
    if (strcmp(name, "completed") == 0 || strcmp(name, "verified") == 0)
        jobs->done++;
    else if (strcmp(name, "failed") == 0)
        jobs->failed++;
    else
        fail_msg("%s %s is %s", document->kind, document->id, name);
    json_object_put(record);
    return CUTOVER_OK;
}

static struct jobs count_jobs(struct shop *shop, const char *kind)
{
    struct jobs jobs = {0, 0};
    cutover_error *error = NULL;

    check_ok(shop->store.list(kind, NULL, "", 1000, count_job, &jobs, &error, shop->store.userdata), error);
    return jobs;
}

/* What happened before and since: a word, NULL for none, is so many more. */
static void check_told(const char *before, const char *now, const char *word, unsigned times)
{
    if (word != NULL && count_word(now, word) != count_word(before, word) + times)
        fail_msg("not %u more of %s: before: %s; now: %s", times, word, before, now);
}

/* It has happened, or it was undone, and nothing else is told. */
static void check_trails(struct scene *scene, struct shop *shop, bool undone, bool done)
{
    const struct scenario *scenario = scene->scenario;
    char *audit = shop_audit(shop, SCENE_PROJECT), *events = shop_events(shop, SCENE_PROJECT);

    check_told(scene->audit, audit, scenario->undone_audit, undone);
    check_told(scene->audit, audit, scenario->done_audit, done);
    check_told(scene->events, events, scenario->undone_event, undone);
    check_told(scene->events, events, scenario->done_event, done);
    if (scenario->undone_audit == NULL && scenario->done_audit == NULL)
        check_same_text(audit, scene->audit);
    if (scenario->held && done)
        check_told(scene->audit, audit, "cutover.released", 1);
    free(audit);
    free(events);
}

static void check_records(struct scene *scene, struct shop *shop, bool done)
{
    const struct scenario *scenario = scene->scenario;
    bool is_backup = scenario->database == NULL;
    unsigned before = is_backup ? scene->backups_before : scene->jobs_before;

    struct jobs jobs = count_jobs(shop, is_backup ? "backup" : "promotion");
    bool begun = jobs.done + jobs.failed > before;
    assert_int_equal(jobs.done, before + done);
    assert_int_equal(jobs.failed, begun && !done);
    if (is_backup)
        assert_int_equal(count_documents(shop, "promotion"), scene->jobs_before);
    char *status = shop_request_status(shop, scene->request_id);
    assert_string_equal(status, done ? scenario->done : begun ? scenario->undone : scenario->not_begun);
    bool live = strcmp(status, "acked") == 0;
    free(status);
    check_trails(scene, shop, begun && !done, done);
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

/* A folder of the home holds so many things. */
static void check_entries(const char *home, const char *name, unsigned expected)
{
    char *path = shop_format("%s/%s", home, name), *names = shop_format("%s", "");
    DIR *folder = opendir(path);
    unsigned count = 0;

    assert_non_null(folder);
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
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

static cutover_status keep_body(const cutover_document *document, void *context)
{
    *(char **)context = shop_format("%s", document->body);
    return CUTOVER_OK;
}

/* Whether record and archive are, byte for byte, what they were before the job. It was verified then. */
static bool is_unchanged(const struct scene *scene, struct shop *shop, const char *id)
{
    cutover_error *error = NULL;
    char *body = NULL;
    char *saved = shop_format("%s/backups/%s", scene->saved_home, id);
    char *now = shop_format("%s/backups/%s", scene->home, id);
    check_ok(shop->store.get("backup", id, keep_body, &body, &error, shop->store.userdata), error);
    bool same = strstr(scene->backup_records, body) != NULL &&
                cluster_run((const char *[]){"diff", "-rq", saved, now, NULL}, NULL) == 0;

    free(body);
    free(saved);
    free(now);
    return same;
}

/* Every backup is verified and verifies, or has failed or was cancelled, and verifies too if its archive is whole (EDGE_CASES D3); what
   lies in the repository belongs to one of them. */
static void check_backups(struct scene *scene, struct shop *shop, bool done)
{
    cutover_backup_options options = CUTOVER_BACKUP_OPTIONS_INIT;
    cutover_backup_list *list = NULL;
    cutover_error *error = NULL;
    unsigned kept = 0, verified = 0;

    options.actor = &shop_operator;
    options.verify = CUTOVER_VERIFY_READBACK;
    options.jobs = 1;
    check_ok(cutover_backups_list(shop->engine, SCENE_PROJECT, NULL, 1000, &list, &error), error);
    for (size_t i = 0; i < cutover_backup_list_count(list); i++) {
        const cutover_backup *backup = cutover_backup_list_at(list, i);
        const char *status = cutover_backup_status(backup), *id = cutover_backup_id(backup);
        bool is_verified = strcmp(status, "verified") == 0, has_archive = is_kept(shop, backup);
        if (!is_verified && strcmp(status, "cancelled") != 0)
            assert_string_equal(status, "failed");
        if ((is_verified || has_archive) && !is_unchanged(scene, shop, id))
            check_ok(cutover_backup_verify(shop->engine, &options, id, NULL, &error), error);
        verified += is_verified;
        kept += has_archive;
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

char *scene_displaced_properties(struct cluster *cluster)
{
    return cluster_value(
        cluster, "postgres",
        "SELECT string_agg(concat_ws(' ', datname, datconnlimit, datdba, datacl,"
        "                            (SELECT string_agg(concat_ws(' ', setrole, setconfig), ','"
        "                                               ORDER BY setrole)"
        "                               FROM pg_db_role_setting WHERE setdatabase = d.oid)),"
        "                  E'\\n' ORDER BY datname)"
        "  FROM pg_database d WHERE datname ~ '^cutover_old_'");
}

/* A rollback that was undone has begun to make the displaced database what production is. */
static bool have_displaced_changed(struct scene *scene)
{
    char *now = scene_displaced_properties(scene->cluster);
    bool changed = strcmp(now, scene->displaced_properties) != 0;

    free(now);
    return changed;
}

/* A session that was ended, and a child of a process that was killed, take a moment to be gone. */
static void check_nothing_left(struct cluster *cluster)
{
    static const char *const left[] = {
        "SELECT count(*) FROM pg_database WHERE datname ~ '^cutover_(stage|verify)_'",
        "SELECT count(*) FROM pg_roles WHERE rolname ~ '^cutover_'",
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'",
        ("SELECT count(*) FROM pg_stat_activity"
         " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"),
    };

    for (size_t i = 0; i < sizeof left / sizeof *left; i++)
        check_becomes_zero(cluster, left[i]);
}

bool scene_check(struct scene *scene)
{
    struct shop shop;
    cutover_error *error = NULL;
    unsigned unfinished = 0;

    scene->is_spent = true; /* if the check fails */
    bool replaced = check_databases(scene);
    assert_int_equal(scene_displaced(scene->cluster),
                     scene->displaced_before + (replaced && scene->scenario->displaces));
    shop_open(&shop, scene->cluster, scene->home);
    bool done =
        scene->scenario->database != NULL ? replaced : count_jobs(&shop, "backup").done > scene->backups_before;
    check_records(scene, &shop, done);
    check_backups(scene, &shop, done);
    check_ok(cutover_recover(shop.engine, NULL, told, &unfinished, &error), error);
    assert_int_equal(unfinished, 0);
    shop_close(&shop);
    check_nothing_left(scene->cluster);
    scene->is_spent = replaced || have_displaced_changed(scene);
    return done;
}
