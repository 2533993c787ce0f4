#include "support/ways_back.h"
#include "support/told.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const cutover_actor shop_org_admin = {CUTOVER_ACTOR_VERSION, "ada", CUTOVER_ACTOR_USER, CUTOVER_ROLE_ORG_ADMIN};

static const char production_sql[] =
    "CREATE TABLE generation (name text); INSERT INTO generation VALUES ('old');"
    "CREATE TABLE items (id serial PRIMARY KEY, label text NOT NULL);"
    "CREATE TABLE sales (item int REFERENCES items, at date);"
    "CREATE SEQUENCE invoice START WITH 1000; SELECT nextval('invoice');"
    "INSERT INTO items (label) SELECT 'old ' || g FROM generate_series(1, 60) g;"
    "INSERT INTO sales SELECT 1 + g % 60, date '2026-01-01' + g FROM generate_series(1, 90) g;"
    "SELECT lo_from_bytea(77, 'old');";

static const char preview_sql[] =
    "CREATE TABLE generation (name text); INSERT INTO generation VALUES ('new');"
    "CREATE TABLE items (id serial PRIMARY KEY, label text NOT NULL, weight int DEFAULT 1);"
    "CREATE INDEX items_label ON items (label);"
    "CREATE SEQUENCE invoice START WITH 5000;"
    "INSERT INTO items (label) SELECT 'new ' || g FROM generate_series(1, 80) g;"
    "SELECT lo_from_bytea(78, 'new');";

const char *small_production_sql(void)
{
    return production_sql;
}

char *small_ready(struct shop *shop, const char *name)
{
    char *production = shop_format("%s_production", name), *preview = shop_format("%s_preview", name);

    shop_database(shop->cluster, production, production_sql);
    shop_database(shop->cluster, preview, preview_sql);
    shop_project(shop, name, cluster_conninfo(shop->cluster, production));
    shop_preview(shop, name, name, cluster_conninfo(shop->cluster, preview), 0);
    free(production);
    free(preview);
    return shop_acked(shop, name, name);
}

char *small_promoted(struct shop *shop, const char *name)
{
    char *request = small_ready(shop, name);
    struct shop_promotion promotion = {.request_id = request};
    struct outcome outcome = shop_promote_ok(shop, &promotion);

    outcome_free(&outcome);
    return request;
}

/* ---- rollback ---- */

cutover_rollback *rollback_started(struct shop *shop, const char *request_id, bool discard_writes,
                                   cutover_writes writes)
{
    cutover_rollback_options options = CUTOVER_ROLLBACK_OPTIONS_INIT;
    cutover_rollback *job = NULL;
    cutover_error *error = NULL;

    options.actor = &shop_operator;
    options.request_id = request_id;
    options.discard_writes = discard_writes;
    check_ok(cutover_rollback_start(shop->engine, &options, &job, &error), error);
    assert_string_equal(cutover_writes_name(cutover_rollback_writes(job)), cutover_writes_name(writes));
    assert_null(cutover_rollback_report(job));
    return job;
}

cutover_error *rollback_refused(struct shop *shop, const cutover_actor *actor, const char *request_id,
                                cutover_status expected)
{
    cutover_rollback_options options = CUTOVER_ROLLBACK_OPTIONS_INIT;
    cutover_rollback *job = NULL;
    cutover_error *error = NULL;

    options.actor = actor;
    options.request_id = request_id;
    options.discard_writes = 1;
    check_status_keep(cutover_rollback_start(shop->engine, &options, &job, &error), expected, error);
    assert_null(job);
    return error;
}

struct outcome rollback_run_out(cutover_rollback *job)
{
    struct outcome outcome = {0};
    cutover_error *again = NULL;

    outcome.status = cutover_rollback_run(job, &outcome.error);
    assert_int_equal(cutover_error_code(outcome.error), outcome.status);
    outcome.report = json_tokener_parse(cutover_rollback_report(job));
    told("report", cutover_rollback_report(job));
    assert_non_null(outcome.report);
    check_status(cutover_rollback_run(job, &again), CUTOVER_E_INVALID, again);
    cutover_rollback_free(job);
    return outcome;
}

/* ---- backups and restores ---- */

char *backup_taken(struct shop *shop, const char *project_id)
{
    cutover_backup_options options = CUTOVER_BACKUP_OPTIONS_INIT;
    cutover_backup *backup = NULL;
    cutover_error *error = NULL;

    options.actor = &shop_operator;
    options.project_id = project_id;
    options.verify = CUTOVER_VERIFY_READBACK;
    check_ok(cutover_backup_create(shop->engine, &options, &backup, &error), error);
    char *id = shop_format("%s", cutover_backup_id(backup));
    cutover_backup_free(backup);
    return id;
}

struct restore_watch {
    struct shop *shop;
    const struct shop_hook *hooks;
    unsigned fired; /* bits: which hooks were called */
};

static int32_t watch(const cutover_progress *progress, void *userdata)
{
    struct restore_watch *watching = userdata;
    int32_t cancel = 0;

    for (unsigned i = 0; watching->hooks != NULL && watching->hooks[i].step != NULL; i++) {
        const struct shop_hook *hook = &watching->hooks[i];
        if ((watching->fired & (1u << i)) != 0 || strcmp(hook->step, progress->step) != 0)
            continue;
        watching->fired |= 1u << i;
        if (hook->act(watching->shop, hook->context) != 0)
            cancel = 1;
    }
    return cancel;
}

struct outcome shop_restore(struct shop *shop, const struct shop_restore *restore)
{
    cutover_restore_options options = CUTOVER_RESTORE_OPTIONS_INIT;
    struct restore_watch watching = {shop, restore->hooks, 0};
    struct outcome outcome = {0};
    cutover_restore *job = NULL;

    options.actor = restore->actor != NULL        ? restore->actor
                    : restore->project_id != NULL ? &shop_org_admin
                                                  : &shop_operator;
    options.backup_id = restore->backup_id;
    options.preview_id = restore->preview_id;
    options.project_id = restore->project_id;
    options.confirm = restore->confirm;
    options.verify = restore->verify != 0 ? restore->verify : CUTOVER_VERIFY_READBACK;
    options.progress = watch;
    options.progress_userdata = &watching;
    outcome.status = cutover_restore_start(restore->engine != NULL ? restore->engine : shop->engine, &options,
                                           &job, &outcome.error);
    if (outcome.status != CUTOVER_OK)
        return outcome;
    assert_null(cutover_restore_report(job));
    outcome.status = cutover_restore_run(job, &outcome.error);
    assert_int_equal(cutover_error_code(outcome.error), outcome.status);
    outcome.report = json_tokener_parse(cutover_restore_report(job));
    told("report", cutover_restore_report(job));
    assert_non_null(outcome.report);
    cutover_restore_free(job);
    return outcome;
}

/* ---- displaced databases ---- */

static cutover_status add_name(const cutover_displaced *displaced, void *context)
{
    char **list = context;
    char *longer =
        shop_format("%s%s%s %s", *list, (*list)[0] != '\0' ? "\n" : "", displaced->name, displaced->request_id);

    free(*list);
    *list = longer;
    return CUTOVER_OK;
}

char *displaced_names(struct shop *shop, const char *project_id)
{
    char *list = shop_format("%s", "");
    cutover_error *error = NULL;

    check_ok(cutover_displaced_list(shop->engine, project_id, add_name, &list, &error), error);
    return list;
}

char *displaced_only(struct shop *shop, const char *project_id)
{
    char *list = displaced_names(shop, project_id);

    assert_null(strchr(list, '\n'));
    check_contains(list, "cutover_old_");
    list[strcspn(list, " ")] = '\0';
    return list;
}

char *database_fact(struct cluster *cluster, const char *database, const char *expression)
{
    char *sql = shop_format("SELECT %s FROM pg_database WHERE datname = '%s'", expression, database);
    char *value = cluster_value(cluster, "postgres", sql);

    free(sql);
    return value;
}

char *closed_value(struct cluster *cluster, const char *database, const char *sql)
{
    char *open = shop_format("ALTER DATABASE \"%s\" ALLOW_CONNECTIONS true", database);
    char *allowed = database_fact(cluster, database, "datallowconn");

    assert_string_equal(allowed, "f");
    cluster_sql(cluster, "postgres", open);
    char *value = cluster_value(cluster, database, sql);
    free(open);
    free(allowed);
    return value;
}
