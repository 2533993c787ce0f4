#include "support/rich.h"
#include "support/ways_back.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Restore: a backup into a preview, and over production; a failed one never touches what was there. */

static struct cluster *cluster;

static int start_cluster(void **state)
{
    (void)state;
    cluster = cluster_start(NULL);
    shop_use(cluster);
    cluster_sql(cluster, "postgres", rich_roles_sql());
    cluster_sql(cluster, "postgres", "CREATE ROLE keeper; CREATE ROLE app LOGIN");
    return 0;
}

/* Project NAME with a small production, and preview NAME with an empty database. */
static void project_ready(struct shop *shop, const char *name)
{
    char *production = shop_format("%s_production", name), *preview = shop_format("%s_preview", name);

    shop_database(cluster, production, small_production_sql());
    cluster_create_database(cluster, preview);
    shop_project(shop, name, cluster_conninfo(cluster, production));
    shop_preview(shop, name, name, cluster_conninfo(cluster, preview), 0);
    free(production);
    free(preview);
}

/* Owner, grants, settings and the like of a project's own. */
static void give_properties(const char *database)
{
    static const char *const changes[] = {
        "ALTER DATABASE %s OWNER TO keeper",
        "REVOKE ALL ON DATABASE %s FROM PUBLIC",
        "GRANT CONNECT ON DATABASE %s TO app WITH GRANT OPTION",
        "ALTER DATABASE %s SET work_mem = '5MB'",
        "ALTER ROLE app IN DATABASE %s SET statement_timeout = '1min'",
        "ALTER DATABASE %s CONNECTION LIMIT 17",
        "COMMENT ON DATABASE %s IS 'its own'",
    };
    char sql[200];

    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        const char *place = strstr(changes[i], "%s");
        snprintf(sql, sizeof sql, "%.*s%s%s", (int)(place - changes[i]), changes[i], database, place + 2);
        cluster_sql(cluster, "postgres", sql);
    }
}

static void check_last_words(char *words, const char *expected)
{
    size_t length = strlen(words), wanted = strlen(expected);

    if (length < wanted || strcmp(words + length - wanted, expected) != 0)
        fail_msg("\"%s\" does not end with \"%s\"", words, expected);
    free(words);
}

static void check_state(struct shop *shop, const char *project)
{
    char *state = shop_project_state(shop, project);

    assert_string_equal(state, "active");
    free(state);
}

/* A database as it was before a restore that is refused, cancelled, or fails. */
struct before {
    const char *database;
    char *oid, *properties, *dump;
};

static struct before look(const char *database)
{
    return (struct before){database, database_fact(cluster, database, "oid"),
                           shop_properties(cluster, database), shop_dump(cluster, database)};
}

static void check_as_before(struct before *before)
{
    struct before now = look(before->database);

    assert_string_equal(now.oid, before->oid);
    assert_string_equal(now.properties, before->properties);
    check_same_text(now.dump, before->dump);
    cluster_sql(cluster, before->database, "CREATE TABLE can_write (); DROP TABLE can_write");
    assert_int_equal(
        cluster_number(cluster, "postgres", "SELECT count(*) FROM pg_database WHERE datname ~ '^cutover_'"), 0);
    free(now.oid);
    free(now.properties);
    free(now.dump);
}

static void before_free(struct before *before)
{
    free(before->oid);
    free(before->properties);
    free(before->dump);
}

/* ---- into a preview ---- */

/* As pg_restore makes it: it puts the late columns of a child table elsewhere (EDGE_CASES A17); from then on a dump is the
   same. */
static void rich_database(const char *name)
{
    char *archive = shop_format("%s/rich.dump", cluster_temp_dir());

    shop_database(cluster, "rich_first", rich_schema_sql());
    shop_run((const char *[]){cluster_program("pg_dump"), "-Fc", "-Z0", "-f", archive,
                              cluster_conninfo(cluster, "rich_first"), NULL});
    cluster_sql(cluster, "postgres", "DROP DATABASE rich_first");
    cluster_create_database(cluster, name);
    shop_run((const char *[]){cluster_program("pg_restore"), "-e", "-d", cluster_conninfo(cluster, name),
                              archive, NULL});
    cluster_sql(cluster, name, "COMMENT ON EXTENSION citext IS NULL");
    free(archive);
}

static void a_rich_backup_fills_an_empty_preview_which_keeps_its_own(void **state)
{
    struct shop *shop = *state;

    rich_database("rich_production");
    cluster_create_database(cluster, "rich_preview");
    give_properties("rich_preview");
    shop_project(shop, "rich", cluster_conninfo(cluster, "rich_production"));
    shop_preview(shop, "look", "rich", cluster_conninfo(cluster, "rich_preview"), 0);
    char *backup = backup_taken(shop, "rich");
    char *content = shop_dump(cluster, "rich_production");
    char *properties = shop_properties(cluster, "rich_preview");
    cluster_sql(cluster, "rich_production", "DELETE FROM shop.orders; SELECT lo_create(0)");
    struct before production = look("rich_production");

    struct shop_restore restore = {.backup_id = backup, .preview_id = "look"};
    struct outcome outcome = shop_restore(shop, &restore);
    check_ok(outcome.status, outcome.error);
    char *restored = shop_dump(cluster, "rich_preview");
    char *properties_now = shop_properties(cluster, "rich_preview");
    check_same_text(restored, content);
    assert_string_equal(properties_now, properties);
    /* The empty one that it took the place of is gone, and production was not touched. */
    check_as_before(&production);
    assert_int_equal(strlen(outcome_text(&outcome, "job_id")), 36);
    assert_string_equal(outcome_text(&outcome, "target_kind"), "preview");
    assert_string_equal(outcome_text(&outcome, "target_id"), "look");
    assert_string_equal(outcome_text(&outcome, "source_backup_id"), backup);
    assert_string_equal(outcome_text(&outcome, "status"), "completed");
    assert_string_equal(outcome_text(&outcome, "pre_cutover_backup_id"), "null");
    assert_string_equal(outcome_text(&outcome, "displaced_database"), "null");
    assert_true(atoi(outcome_text(&outcome, "stage.rows")) > 20000);
    check_last_words(shop_events(shop, "rich"),
                     "backup.completed restore.started restore.completed job.completed");
    char *audit = shop_audit(shop, "rich"), *displaced = displaced_names(shop, "rich");
    assert_null(strstr(audit, "production_overwrite_restore"));
    assert_string_equal(displaced, "");
    check_state(shop, "rich");

    assert_int_equal(shop->traffic.syncs, 0); /* production is what it was */

    /* Now it holds something. */
    outcome_free(&outcome);
    outcome = shop_restore(shop, &restore);
    check_status_keep(outcome.status, CUTOVER_E_PREFLIGHT, outcome.error);
    check_contains(cutover_error_message(outcome.error), "block this restore");
    check_contains(cutover_error_detail(outcome.error), "not empty");
    assert_string_equal(outcome_text(&outcome, "status"), "refused");
    outcome_free(&outcome);
    before_free(&production);
    free(audit);
    free(displaced);
    free(restored);
    free(properties_now);
    free(properties);
    free(content);
    free(backup);
}

/* ---- the host makes the preview ---- */

struct maker {
    struct shop *shop;
    unsigned made;
    bool fails;
};

static struct maker maker;

static cutover_status preview_create(const char *project_id, const char *preview_id, cutover_preview_emit emit,
                                     void *context, cutover_error **error, void *userdata)
{
    cutover_preview preview = CUTOVER_PREVIEW_INIT;

    (void)userdata;
    if (maker.fails) {
        *error = cutover_error_new(CUTOVER_E_IO, "no room for another preview", NULL, NULL);
        return CUTOVER_E_IO;
    }
    maker.made++;
    cluster_create_database(cluster, preview_id);
    preview.id = preview_id;
    preview.project_id = project_id;
    preview.database = cluster_conninfo(cluster, preview_id);
    cutover_status status = cutover_registry_preview_add(maker.shop->registry, &preview, error);
    return status != CUTOVER_OK ? status : emit(&preview, context);
}

/* An engine on the same store and repository whose platform makes previews. */
static cutover_engine *making_engine(struct shop *shop)
{
    cutover_engine_options options = CUTOVER_ENGINE_OPTIONS_INIT;
    cutover_platform platform = shop->known;
    cutover_engine *engine = NULL;
    cutover_error *error = NULL;
    char *work = shop_format("%s/work", shop->home);

    maker = (struct maker){.shop = shop};
    platform.preview_create = preview_create;
    options.store = &shop->store;
    options.repository = &shop->repository;
    options.platform = &platform;
    options.work_dir = work;
    options.maintenance_mem_mb = 16;
    check_ok(cutover_engine_new(&options, &engine, &error), error);
    free(work);
    return engine;
}

static void a_preview_that_is_not_there_is_made_by_the_host(void **state)
{
    struct shop *shop = *state;
    cutover_engine *engine = making_engine(shop);

    project_ready(shop, "made");
    char *backup = backup_taken(shop, "made"), *content = shop_dump(cluster, "made_production");
    struct shop_restore restore = {.backup_id = backup, .preview_id = "made_by_host"};

    struct outcome outcome = shop_restore(shop, &restore);
    check_status_keep(outcome.status, CUTOVER_E_NOT_FOUND, outcome.error);
    assert_null(outcome.report);
    outcome_free(&outcome);
    restore.engine = engine;
    maker.fails = true;
    outcome = shop_restore(shop, &restore);
    check_status_keep(outcome.status, CUTOVER_E_CALLBACK, outcome.error);
    check_contains(cutover_error_message(outcome.error), "no room for another preview");
    outcome_free(&outcome);
    maker.fails = false;
    outcome = shop_restore(shop, &restore);
    check_ok(outcome.status, outcome.error);
    assert_int_equal(maker.made, 1);
    assert_string_equal(outcome_text(&outcome, "target_id"), "made_by_host");
    char *restored = shop_dump(cluster, "made_by_host");
    check_same_text(restored, content);
    cutover_engine_free(engine);
    outcome_free(&outcome);
    free(restored);
    free(backup);
    free(content);
}

/* ---- what does not work ---- */

static int cancel_now(struct shop *shop, void *context)
{
    (void)shop;
    (void)context;
    return 1;
}

static int fill_preview(struct shop *shop, void *context)
{
    (void)shop;
    cluster_sql(cluster, "vain_preview", "CREATE TABLE meanwhile (a int)");
    *(bool *)context = true;
    return 0;
}

static void an_empty_preview_stays_as_it_was_when_the_restore_does_not_end_well(void **state)
{
    static const char *const steps[] = {"stage", "check", "swap"};
    struct shop *shop = *state;
    bool filled = false;

    project_ready(shop, "vain");
    give_properties("vain_preview");
    char *backup = backup_taken(shop, "vain");
    struct before preview = look("vain_preview");
    struct shop_restore restore = {.backup_id = backup, .preview_id = "vain"};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        const struct shop_hook hooks[] = {{steps[i], cancel_now, NULL}, {NULL, NULL, NULL}};
        restore.hooks = hooks;
        struct outcome outcome = shop_restore(shop, &restore);
        check_status_keep(outcome.status, CUTOVER_E_CANCELLED, outcome.error);
        assert_string_equal(cutover_error_step(outcome.error), steps[i]);
        assert_string_equal(outcome_text(&outcome, "status"), "cancelled");
        check_as_before(&preview);
        check_state(shop, "vain");
        check_last_words(shop_events(shop, "vain"), "restore.started restore.cancelled job.cancelled");
        outcome_free(&outcome);
    }
    shop->traffic.pause_fails = true;
    restore.hooks = NULL;
    struct outcome outcome = shop_restore(shop, &restore);
    shop->traffic.pause_fails = false;
    check_status_keep(outcome.status, CUTOVER_E_CALLBACK, outcome.error);
    check_as_before(&preview);
    check_last_words(shop_events(shop, "vain"), "restore.started restore.failed job.failed");
    outcome_free(&outcome);

    /* Somebody was faster: what they put there is not overwritten. */
    const struct shop_hook hooks[] = {{"check", fill_preview, &filled}, {NULL, NULL, NULL}};
    restore.hooks = hooks;
    outcome = shop_restore(shop, &restore);
    assert_true(filled);
    check_status_keep(outcome.status, CUTOVER_E_STATE, outcome.error);
    check_contains(cutover_error_message(outcome.error), "meanwhile");
    assert_string_equal(outcome_text(&outcome, "status"), "failed");
    cluster_sql(cluster, "vain_preview", "DROP TABLE meanwhile");
    check_as_before(&preview);
    outcome_free(&outcome);
    before_free(&preview);
    free(backup);
}

static struct outcome refused(struct shop *shop, const struct shop_restore *restore, cutover_status expected)
{
    struct outcome outcome = shop_restore(shop, restore);

    check_status_keep(outcome.status, expected, outcome.error);
    return outcome;
}

static void check_refused(struct shop *shop, const struct shop_restore *restore, cutover_status expected)
{
    struct outcome outcome = refused(shop, restore, expected);

    assert_null(outcome.report);
    outcome_free(&outcome);
}

static void who_may_restore_what_is_checked_first(void **state)
{
    struct shop *shop = *state;

    project_ready(shop, "rules");
    project_ready(shop, "other");
    char *backup = backup_taken(shop, "rules");
    struct before production = look("rules_production");
    struct shop_restore over = {.backup_id = backup, .project_id = "rules", .confirm = true};
    struct shop_restore into = {.backup_id = backup, .preview_id = "rules"};

    over.actor = &shop_operator;
    check_refused(shop, &over, CUTOVER_E_FORBIDDEN);
    over.actor = &shop_member;
    check_refused(shop, &over, CUTOVER_E_FORBIDDEN);
    into.actor = &shop_member;
    check_refused(shop, &into, CUTOVER_E_FORBIDDEN);
    over.actor = into.actor = NULL;
    over.confirm = false;
    check_refused(shop, &over, CUTOVER_E_INVALID);
    over.confirm = true;
    over.preview_id = "rules";
    check_refused(shop, &over, CUTOVER_E_INVALID);
    over.preview_id = into.preview_id = NULL;
    check_refused(shop, &into, CUTOVER_E_INVALID);
    over.project_id = "other";
    check_refused(shop, &over, CUTOVER_E_STATE);
    over.project_id = "nobody's";
    check_refused(shop, &over, CUTOVER_E_STATE);
    into.preview_id = "other";
    check_refused(shop, &into, CUTOVER_E_STATE);
    into.preview_id = "nobody's";
    check_refused(shop, &into, CUTOVER_E_NOT_FOUND);
    into.preview_id = "rules";
    into.backup_id = "01890000-0000-7000-8000-000000000000";
    check_refused(shop, &into, CUTOVER_E_NOT_FOUND);
    into.backup_id = NULL;
    check_refused(shop, &into, CUTOVER_E_INVALID);

    cutover_error *error = NULL;
    check_ok(cutover_backup_delete(shop->engine, &shop_operator, backup, &error), error);
    into.backup_id = backup;
    check_refused(shop, &into, CUTOVER_E_STATE);
    check_as_before(&production);
    before_free(&production);
    free(backup);
}

/* The biggest data file of a backup. */
static char *data_file(struct shop *shop, const char *backup)
{
    cutover_error *error = NULL;
    char path[4096], *chosen = NULL;
    off_t biggest = 0;

    check_ok(cutover_backup_path(shop->engine, backup, path, sizeof path, &error), error);
    DIR *folder = opendir(path);
    assert_non_null(folder);
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        char *file = shop_format("%s/%s", path, entry->d_name);
        struct stat status;
        assert_int_equal(stat(file, &status), 0);
        if (strstr(entry->d_name, ".dat.gz") != NULL && status.st_size > biggest) {
            free(chosen);
            chosen = strdup(file);
            biggest = status.st_size;
        }
        free(file);
    }
    closedir(folder);
    assert_non_null(chosen);
    return chosen;
}

static void flip_byte(const char *path)
{
    FILE *file = fopen(path, "r+e");

    assert_non_null(file);
    assert_int_equal(fseek(file, 25, SEEK_SET), 0);
    int byte = fgetc(file);
    assert_int_equal(fseek(file, 25, SEEK_SET), 0);
    assert_int_not_equal(fputc(byte ^ 1, file), EOF);
    assert_int_equal(fclose(file), 0);
}

static int count_backups(struct shop *shop, const char *project)
{
    cutover_backup_list *list = NULL;
    cutover_error *error = NULL;

    check_ok(cutover_backups_list(shop->engine, project, NULL, 100, &list, &error), error);
    int found = (int)cutover_backup_list_count(list);
    cutover_backup_list_free(list);
    return found;
}

/* EDGE_CASES D16: found out before production is as much as fenced. */
static void a_damaged_backup_is_refused_by_its_file_before_anything_changes(void **state)
{
    struct shop *shop = *state;

    project_ready(shop, "damage");
    char *backup = backup_taken(shop, "damage"), *file = data_file(shop, backup);
    struct before production = look("damage_production"), preview = look("damage_preview");
    struct shop_restore over = {.backup_id = backup, .project_id = "damage", .confirm = true};
    struct shop_restore into = {.backup_id = backup, .preview_id = "damage"};
    PGconn *client = cluster_connect(cluster, "damage_production");

    flip_byte(file);
    for (int i = 0; i < 2; i++) {
        struct outcome outcome = refused(shop, i == 0 ? &over : &into, CUTOVER_E_VERIFY);
        assert_int_equal(cutover_error_verdict(outcome.error), CUTOVER_VERDICT_DIFFERENT);
        check_contains(cutover_error_message(outcome.error), strrchr(file, '/') + 1);
        assert_string_equal(outcome_text(&outcome, "status"), "refused");
        assert_string_equal(cutover_error_step(outcome.error), "preflight");
        outcome_free(&outcome);
    }
    PQclear(PQexec(client, "SELECT 1"));
    assert_int_equal(PQstatus(client), CONNECTION_OK);
    PQfinish(client);
    assert_int_equal(count_backups(shop, "damage"), 1);
    check_as_before(&production);
    check_as_before(&preview);
    check_state(shop, "damage");

    flip_byte(file);
    struct outcome outcome = shop_restore(shop, &into);
    check_ok(outcome.status, outcome.error);
    outcome_free(&outcome);
    before_free(&production);
    before_free(&preview);
    free(file);
    free(backup);
}

static void what_the_server_lacks_is_named_before_anything_changes(void **state)
{
    struct shop *shop = *state;

    project_ready(shop, "lacks");
    cluster_sql(cluster, "lacks_production",
                "CREATE ROLE leaver; GRANT SELECT ON items TO leaver; CREATE EXTENSION citext;"
                "UPDATE pg_extension SET extversion = '99' WHERE extname = 'citext'");
    char *backup = backup_taken(shop, "lacks");
    cluster_sql(cluster, "lacks_production", "DROP OWNED BY leaver; DROP ROLE leaver");
    cluster_sql(
        cluster, "postgres",
        "CREATE DATABASE lacks_latin TEMPLATE template0 ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C'");
    shop_preview(shop, "latin", "lacks", cluster_conninfo(cluster, "lacks_latin"), 0);
    struct before preview = look("lacks_latin");
    struct shop_restore into = {.backup_id = backup, .preview_id = "latin"};

    struct outcome outcome = refused(shop, &into, CUTOVER_E_PREFLIGHT);
    const char *detail = cutover_error_detail(outcome.error);
    check_contains(detail, "the role \"leaver\"");
    check_contains(detail, "citext 99");
    check_contains(detail, "the backup is in UTF8, the target database in SQL_ASCII");
    assert_string_equal(outcome_text(&outcome, "status"), "refused");
    check_as_before(&preview);
    check_state(shop, "lacks");
    outcome_free(&outcome);
    before_free(&preview);
    free(backup);
}

/* ---- over production ---- */

static void check_own_backup(struct shop *shop, const struct outcome *outcome, const char *content)
{
    cutover_backup *backup = NULL;
    cutover_error *error = NULL;
    char path[4096];
    char *label = shop_format("pre-restore-%s", outcome_text(outcome, "job_id"));

    check_ok(cutover_backup_get(shop->engine, outcome_text(outcome, "pre_cutover_backup_id"), &backup, &error),
             error);
    assert_string_equal(cutover_backup_status(backup), "verified");
    assert_string_equal(cutover_backup_label(backup), label);
    check_ok(cutover_backup_path(shop->engine, cutover_backup_id(backup), path, sizeof path, &error), error);
    cluster_create_database(cluster, "restored");
    shop_run((const char *[]){cluster_program("pg_restore"), "-e", "-d", cluster_conninfo(cluster, "restored"),
                              path, NULL});
    char *restored = shop_dump(cluster, "restored");
    check_same_text(restored, content);
    cluster_sql(cluster, "postgres", "DROP DATABASE restored");
    cutover_backup_free(backup);
    free(label);
    free(restored);
}

static void production_becomes_what_the_backup_holds(void **state)
{
    struct shop *shop = *state;

    project_ready(shop, "over");
    give_properties("over_production");
    char *backup = backup_taken(shop, "over"), *content = shop_dump(cluster, "over_production");
    cluster_sql(cluster, "over_production",
                "DROP TABLE sales; UPDATE generation SET name = 'spoilt'; SELECT lo_unlink(77);"
                "SELECT setval('invoice', 99999)");
    char *spoilt = shop_dump(cluster, "over_production"),
         *oid = database_fact(cluster, "over_production", "oid");
    char *properties = shop_properties(cluster, "over_production");
    const struct shop_hook hooks[] = {{"stage", cancel_now, NULL}, {NULL, NULL, NULL}};
    struct shop_restore restore = {.backup_id = backup,
                                   .project_id = "over",
                                   .confirm = true,
                                   .verify = CUTOVER_VERIFY_RESTORE,
                                   .hooks = hooks};

    /* First in vain. */
    struct before before = look("over_production");
    struct outcome outcome = shop_restore(shop, &restore);
    check_status_keep(outcome.status, CUTOVER_E_CANCELLED, outcome.error);
    check_as_before(&before);
    check_state(shop, "over");
    before_free(&before);
    outcome_free(&outcome);

    restore.hooks = NULL;
    outcome = shop_restore(shop, &restore);
    check_ok(outcome.status, outcome.error);
    char *restored = shop_dump(cluster, "over_production");
    char *properties_now = shop_properties(cluster, "over_production");
    check_same_text(restored, content);
    assert_string_equal(properties_now, properties);
    cluster_sql(cluster, "over_production", "INSERT INTO generation VALUES ('after')");
    assert_string_equal(outcome_text(&outcome, "target_kind"), "project");
    assert_string_equal(outcome_text(&outcome, "target_id"), "over");
    assert_string_equal(outcome_text(&outcome, "source_backup_id"), backup);
    assert_string_equal(outcome_text(&outcome, "backup_verification.verdict"), "equal");
    check_own_backup(shop, &outcome, spoilt);

    const char *displaced = outcome_text(&outcome, "displaced_database");
    char *listed = displaced_names(shop, "over"), *expected = shop_format("%s ", displaced);
    char *displaced_oid = database_fact(cluster, displaced, "oid");
    assert_string_equal(listed, expected);
    assert_string_equal(displaced_oid, oid);
    char *name = closed_value(cluster, displaced, "SELECT name FROM generation");
    assert_string_equal(name, "spoilt");
    check_last_words(shop_audit(shop, "over"),
                     "restore.started backup.started backup.completed production_overwrite_restore");
    check_last_words(shop_events(shop, "over"),
                     "backup.completed production_overwrite_restore restore.completed job.completed");
    check_state(shop, "over");
    outcome_free(&outcome);
    free(name);
    free(listed);
    free(expected);
    free(displaced_oid);
    free(restored);
    free(properties);
    free(properties_now);
    free(spoilt);
    free(oid);
    free(content);
    free(backup);
}

/* ---- watched and cancelled ---- */

struct watched {
    cutover_restore *job;
    const char *cancel_at; /* a step; NULL: never */
    char *told;            /* of the present call */
    double fraction;
    unsigned agreed; /* calls in which another thread was told the same step, and no less */
};

static void *ask_from_afar(void *context)
{
    struct watched *watched = context;
    cutover_progress now = {.version = CUTOVER_PROGRESS_VERSION};

    if (cutover_restore_progress(watched->job, &now) == CUTOVER_OK && strcmp(now.step, watched->told) == 0 &&
        now.fraction >= watched->fraction)
        watched->agreed++;
    if (watched->cancel_at != NULL && strcmp(now.step, watched->cancel_at) == 0)
        cutover_restore_cancel(watched->job);
    return NULL;
}

static int32_t ask_elsewhere(const cutover_progress *progress, void *userdata)
{
    struct watched *watched = userdata;
    unsigned agreed = watched->agreed;
    pthread_t thread;

    watched->told = shop_format("%s", progress->step);
    watched->fraction = progress->fraction;
    assert_int_equal(pthread_create(&thread, NULL, ask_from_afar, watched), 0);
    pthread_join(thread, NULL);
    free(watched->told);
    assert_int_equal(watched->agreed, agreed + 1);
    return 0;
}

static cutover_status restore_watched(struct shop *shop, const char *backup, struct watched *watched)
{
    cutover_restore_options options;
    cutover_progress now = {.version = CUTOVER_PROGRESS_VERSION}, unknown = {.version = 0, .fraction = 7};
    cutover_error *error = NULL;

    assert_int_equal(cutover_restore_options_init(&options, CUTOVER_RESTORE_OPTIONS_VERSION), CUTOVER_OK);
    options.actor = &shop_org_admin;
    options.backup_id = backup;
    options.project_id = "watched";
    options.confirm = 1;
    options.verify = CUTOVER_VERIFY_READBACK;
    options.progress = ask_elsewhere;
    options.progress_userdata = watched;
    check_ok(cutover_restore_start(shop->engine, &options, &watched->job, &error), error);
    cutover_status status = cutover_restore_run(watched->job, &error);
    assert_int_equal(cutover_error_code(error), status);
    assert_int_equal(cutover_restore_progress(watched->job, &unknown), CUTOVER_E_UNSUPPORTED);
    assert_true(unknown.fraction == 7);
    assert_int_equal(cutover_restore_progress(watched->job, &now), CUTOVER_OK);
    assert_string_equal(now.step, watched->cancel_at != NULL ? watched->cancel_at : "finish");
    cutover_restore_free(watched->job);
    cutover_error_free(error);
    return status;
}

static void a_restore_is_watched_and_cancelled_from_another_thread(void **state)
{
    static const char *const steps[] = {"stage", "check", "backup", "verify", "swap"};
    struct shop *shop = *state;

    project_ready(shop, "watched");
    char *backup = backup_taken(shop, "watched");
    cluster_sql(cluster, "watched_production", "INSERT INTO generation VALUES ('later')");
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        struct watched watched = {.cancel_at = steps[i]};
        struct before before = look("watched_production");
        assert_int_equal(restore_watched(shop, backup, &watched), CUTOVER_E_CANCELLED);
        assert_true(watched.agreed > i);
        check_as_before(&before);
        check_state(shop, "watched");
        before_free(&before);
    }
    struct watched watched = {0};
    assert_int_equal(restore_watched(shop, backup, &watched), CUTOVER_OK);
    assert_int_equal(
        cluster_number(cluster, "watched_production", "SELECT count(*) FROM generation WHERE name = 'later'"),
        0);
    free(backup);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, shop_setup, shop_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_rich_backup_fills_an_empty_preview_which_keeps_its_own),
        TEST(a_preview_that_is_not_there_is_made_by_the_host),
        TEST(an_empty_preview_stays_as_it_was_when_the_restore_does_not_end_well),
        TEST(who_may_restore_what_is_checked_first),
        TEST(a_damaged_backup_is_refused_by_its_file_before_anything_changes),
        TEST(what_the_server_lacks_is_named_before_anything_changes),
        TEST(production_becomes_what_the_backup_holds),
        TEST(a_restore_is_watched_and_cancelled_from_another_thread),
    };

    return cmocka_run_group_tests_name("restore", tests, start_cluster, NULL);
}
