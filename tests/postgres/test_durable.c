#include "support/ways_back.h"

#include "engine/engine.h"
#include "job/failover.h"
#include "postgres/database.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/*
 * A completed cutover stays completed, and what a server lost is known (DESIGN.md P3, P5, P12): servers that commit
 * asynchronously and crash, standbys that are gone or are promoted, servers that are restored from a physical copy, hosts that do not
 * know of each other.
 */

static struct cluster *cluster;

/* Commits that are not flushed stay so: the log's writer does not come. */
static int start_cluster(void **state)
{
    (void)state;
    cluster = cluster_start("synchronous_commit = off\nwal_writer_delay = 10s");
    shop_use(cluster);
    return 0;
}

/* ---- what is looked at ---- */

struct told {
    unsigned count;
    cutover_recovered outcome; /* of the last */
    char job_id[64], message[512];
};

static cutover_status tell(const cutover_recovery *recovery, void *context)
{
    struct told *told = context;

    told->count++;
    told->outcome = recovery->outcome;
    snprintf(told->job_id, sizeof told->job_id, "%s", recovery->job_id);
    snprintf(told->message, sizeof told->message, "%s", recovery->message);
    return CUTOVER_OK;
}

static struct told recovered(struct shop *shop, const char *project)
{
    struct told told = {0};
    cutover_error *error = NULL;

    check_ok(cutover_recover(shop->engine, project, tell, &told, &error), error);
    return told;
}

static struct told looked(struct shop *shop, const char *project)
{
    struct told told = {0};
    cutover_error *error = NULL;

    check_ok(cutover_project_look(shop->engine, project, tell, &told, &error), error);
    assert_int_equal(told.count, 1);
    return told;
}

static void check_told(const struct told *told, cutover_recovered expected, const char *says)
{
    if (told->count != 1 || told->outcome != expected)
        fail_msg("%u told, the last one %s: %s", told->count,
                 told->count > 0 ? cutover_recovered_name(told->outcome) : "", told->message);
    check_contains(told->message, says);
}

static void check_quiet(struct shop *shop, const char *project)
{
    struct told told = recovered(shop, project);

    if (told.count != 0)
        fail_msg("told %s: %s", cutover_recovered_name(told.outcome), told.message);
}

static void check_production(struct cluster *server, const char *database, const char *expected)
{
    char *found = cluster_value(server, database, "SELECT name FROM generation LIMIT 1");

    assert_string_equal(found, expected);
    free(found);
    cluster_sql(server, database, "CREATE TABLE can_write (); DROP TABLE can_write");
}

static void check_request_is(struct shop *shop, const char *request, const char *expected)
{
    char *status = shop_request_status(shop, request);

    assert_string_equal(status, expected);
    free(status);
}

static void check_audited(struct shop *shop, const char *project, const char *last)
{
    char *audit = shop_audit(shop, project), *events = shop_events(shop, project);

    assert_string_equal(strrchr(audit, ' ') + 1, last);
    check_contains(events, last);
    free(audit);
    free(events);
}

static void check_no_staging(struct cluster *server)
{
    assert_int_equal(cluster_number(server, "postgres",
                                    "SELECT count(*) FROM pg_database WHERE datname ~ '^cutover_stage_'"),
                     0);
}

static void set_server(struct cluster *server, const char *assignment)
{
    char *sql = shop_format("ALTER SYSTEM %s", assignment);

    cluster_sql(server, "postgres", sql);
    cluster_sql(server, "postgres", "SELECT pg_reload_conf()");
    free(sql);
}

/* ---- a server that commits asynchronously ---- */

static void a_crash_right_after_the_end_loses_nothing(void **state)
{
    struct shop *shop = *state;
    char *request = small_ready(shop, "crash");

    cluster_sql(cluster, "postgres",
                "ALTER DATABASE crash_production SET synchronous_commit = off; CHECKPOINT");
    struct outcome outcome = shop_promote_ok(shop, &(struct shop_promotion){.request_id = request});
    cluster_restart(cluster, "immediate");
    check_production(cluster, "crash_production", "new");
    struct told told = looked(shop, "crash");
    check_told(&told, CUTOVER_RECOVERED_STANDS, "open");
    check_quiet(shop, "crash");
    check_request_is(shop, request, "completed");

    cutover_rollback *back = rollback_started(shop, request, true, CUTOVER_WRITES_UNKNOWN);
    struct outcome rolled = rollback_run_out(back);
    check_ok(rolled.status, rolled.error);
    cluster_restart(cluster, "immediate");
    check_production(cluster, "crash_production", "old");
    check_quiet(shop, "crash");
    outcome_free(&outcome);
    outcome_free(&rolled);
    free(request);
}

static void write_behind_the_fence(struct shop *shop, void *context)
{
    (void)context;
    cluster_sql(
        shop->cluster, "undone_production",
        "SET synchronous_commit = local; BEGIN READ WRITE; INSERT INTO generation VALUES ('late'); COMMIT");
}

/* What was undone stays undone, too: door and fence. */
static void a_crash_right_after_an_undoing_leaves_production_open(void **state)
{
    struct shop *shop = *state;
    char *request = small_ready(shop, "undone");

    shop->traffic.while_paused = write_behind_the_fence;
    struct outcome outcome = shop_promote(shop, &(struct shop_promotion){.request_id = request});
    shop->traffic.while_paused = NULL;
    check_status_keep(outcome.status, CUTOVER_E_VERIFY, outcome.error);
    cluster_restart(cluster, "immediate");
    check_production(cluster, "undone_production", "old");
    check_quiet(shop, "undone");
    outcome_free(&outcome);
    free(request);
}

/* ---- synchronous standbys ---- */

static const char waits_sql[] = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'";

/* A commit that waits tells that the checkpointer has read the setting (src/backend/replication/syncrep.c). */
static void want_standby(struct cluster *server)
{
    set_server(server, "SET synchronous_standby_names = 'gone'");
    for (bool waits = false; !waits;) {
        PGconn *probe = cluster_connect(server, "postgres");
        assert_int_equal(PQsendQuery(probe, "SET synchronous_commit = on;"
                                            "SELECT pg_logical_emit_message(true, 'probe', '')"),
                         1);
        while (!waits && PQconsumeInput(probe) == 1 && PQisBusy(probe))
            waits = cluster_number(server, "postgres", waits_sql) > 0;
        cluster_sql(server, "postgres",
                    "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'");
        PQfinish(probe);
    }
    check_becomes_zero(server, waits_sql);
}

static bool warned_of(const struct outcome *outcome, const char *words)
{
    return strstr(json_object_to_json_string(outcome->report), words) != NULL;
}

/* It is not closed for as long as the standby is gone, and whoever reads the report knows what a failover would do. */
static void a_standby_that_is_gone_holds_up_nothing(void **state)
{
    struct shop *shop = *state;
    char *request = small_ready(shop, "alone");

    set_server(cluster, "SET synchronous_commit = on");
    want_standby(cluster);
    struct outcome outcome = shop_promote_ok(shop, &(struct shop_promotion){.request_id = request});
    assert_true(warned_of(&outcome, "clients' commits wait for synchronous standbys that are not there"));
    assert_true(warned_of(&outcome, "no synchronous standby has confirmed the swap"));
    assert_true(atoi(outcome_text(&outcome, "reads_unavailable_ms")) < 5000);
    check_becomes_zero(cluster, waits_sql);
    set_server(cluster, "RESET synchronous_standby_names");
    set_server(cluster, "RESET synchronous_commit");
    check_production(cluster, "alone_production", "new");
    outcome_free(&outcome);
    free(request);
}

static void a_standby_that_is_gone_keeps_nothing_closed(void **state)
{
    struct shop *shop = *state;
    char *request = small_ready(shop, "undone");

    set_server(cluster, "SET synchronous_commit = on");
    want_standby(cluster);
    shop->traffic.while_paused = write_behind_the_fence;
    struct outcome outcome = shop_promote(shop, &(struct shop_promotion){.request_id = request});
    shop->traffic.while_paused = NULL;
    check_status_keep(outcome.status, CUTOVER_E_VERIFY, outcome.error);
    set_server(cluster, "RESET synchronous_standby_names");
    set_server(cluster, "RESET synchronous_commit");
    check_production(cluster, "undone_production", "old");
    outcome_free(&outcome);
    free(request);
}

/* ---- a standby that is promoted ---- */

struct pair {
    struct cluster *primary, *standby;
    bool with_door;
};

static void pair_start(struct pair *pair)
{
    pair->primary = cluster_start(NULL);
    pair->standby = cluster_standby(pair->primary, NULL);
}

static void pair_stop(struct pair *pair)
{
    cluster_stop(pair->standby);
    cluster_stop(pair->primary);
}

static char *pair_ready(struct shop *shop, struct pair *pair)
{
    shop_database(pair->primary, "pair_production", small_production_sql());
    shop_database(pair->primary, "pair_preview",
                  "CREATE TABLE generation (name text); INSERT INTO generation VALUES ('new')");
    shop_project(shop, "pair", cluster_conninfo_of_both(pair->primary, pair->standby, "pair_production"));
    shop_preview(shop, "pair", "pair", cluster_conninfo_of_both(pair->primary, pair->standby, "pair_preview"),
                 0);
    return shop_acked(shop, "pair", "pair");
}

/* The standby gets all up to here, the door's commit too where it is wanted, and nothing that follows. */
static void standby_stays_behind(struct shop *shop, void *context)
{
    struct pair *pair = context;

    (void)shop;
    if (pair->with_door)
        cluster_sql(pair->primary, "postgres", "ALTER DATABASE pair_production ALLOW_CONNECTIONS false");
    cluster_catch_up(pair->standby, pair->primary);
    cluster_halt(pair->standby, "fast");
}

static void fail_over(struct pair *pair)
{
    cluster_halt(pair->primary, "immediate");
    cluster_restart(pair->standby, "fast");
    cluster_promote(pair->standby);
}

static void a_swap_that_a_failover_lost_is_known(bool with_door, struct shop *shop)
{
    struct pair pair = {.with_door = with_door};

    pair_start(&pair);
    char *request = pair_ready(shop, &pair);
    shop->traffic.while_paused = standby_stays_behind;
    shop->traffic.context = &pair;
    struct outcome outcome = shop_promote_ok(shop, &(struct shop_promotion){.request_id = request});
    shop->traffic.while_paused = NULL;
    check_production(pair.primary, "pair_production", "new");
    fail_over(&pair);

    struct told told = looked(shop, "pair");
    check_told(&told, CUTOVER_RECOVERED_LOST,
               "production's server lost it: that failed over or was restored since (timeline 1 then, 2 now)");
    check_request_is(shop, request, "completed");
    told = recovered(shop, NULL);
    check_told(&told, CUTOVER_RECOVERED_LOST, "open and writable");
    assert_string_equal(told.job_id, outcome.promotion_id);
    check_production(pair.standby, "pair_production", "old");
    check_no_staging(pair.standby);
    check_request_is(shop, request, "failed");
    check_audited(shop, "pair", "cutover.lost");
    check_quiet(shop, "pair");
    free(request);
    outcome_free(&outcome);

    /* And the next one goes as any other. */
    request = shop_acked(shop, "pair", "pair");
    outcome = shop_promote_ok(shop, &(struct shop_promotion){.request_id = request});
    check_production(pair.standby, "pair_production", "new");
    told = looked(shop, "pair");
    check_told(&told, CUTOVER_RECOVERED_STANDS, "open");
    outcome_free(&outcome);
    free(request);
    pair_stop(&pair);
}

static void written_and_left_behind(struct shop *shop, void *context)
{
    struct pair *pair = context;

    cluster_sql(pair->primary, "pair_production", "UPDATE generation SET name = 'kept'");
    pair->with_door = true;
    standby_stays_behind(shop, context);
}

/* A rollback has no fence that would tell whose the door is: that its job meant to swap, on a timeline that ended, does. */
static void a_door_whose_opening_a_failover_lost_is_opened(void **state)
{
    struct shop *shop = *state;
    struct pair pair = {0};

    pair_start(&pair);
    char *request = pair_ready(shop, &pair);
    struct outcome outcome = shop_promote_ok(shop, &(struct shop_promotion){.request_id = request});
    outcome_free(&outcome);
    shop->traffic.while_paused = written_and_left_behind;
    shop->traffic.context = &pair;
    outcome = rollback_run_out(rollback_started(shop, request, false, CUTOVER_WRITES_NONE));
    shop->traffic.while_paused = NULL;
    check_status_keep(outcome.status, CUTOVER_E_STATE, outcome.error);
    outcome_free(&outcome);
    check_production(pair.primary, "pair_production", "kept");
    fail_over(&pair);
    char *open = database_fact(pair.standby, "pair_production", "datallowconn");
    assert_string_equal(open, "f");
    free(open);
    struct told told = recovered(shop, "pair");
    check_told(&told, CUTOVER_RECOVERED_UNDONE, "left closed by a job");
    check_production(pair.standby, "pair_production", "kept");
    check_request_is(shop, request, "completed");
    check_quiet(shop, "pair");
    free(request);
    pair_stop(&pair);
}

/* Where the connection string leads to what is no primary any more, that is what is said, and nothing is done. */
static void a_server_that_is_a_standby_now_is_told(void **state)
{
    struct shop *shop = *state;
    struct pair pair = {0};

    pair_start(&pair);
    char *request = pair_ready(shop, &pair);
    struct outcome outcome = shop_promote_ok(shop, &(struct shop_promotion){.request_id = request});
    outcome_free(&outcome);
    cluster_catch_up(pair.standby, pair.primary);
    cluster_halt(pair.primary, "immediate");
    struct told told = looked(shop, "pair");
    check_told(&told, CUTOVER_RECOVERED_FAILED, "standby");
    told = recovered(shop, "pair");
    check_told(&told, CUTOVER_RECOVERED_FAILED, "standby");
    check_request_is(shop, request, "completed");
    /* It had the swap: nothing was lost. */
    cluster_promote(pair.standby);
    told = looked(shop, "pair");
    check_told(&told, CUTOVER_RECOVERED_STANDS, "open");
    check_production(pair.standby, "pair_production", "new");
    free(request);
    pair_stop(&pair);
}

/* As an old primary that came back as the new one's standby: it has no staging database for as long as it is behind. */
static void a_standby_that_is_named_first_is_not_asked_for_what_it_has_not(void **state)
{
    struct shop *shop = *state;
    struct pair pair = {0};

    pair_start(&pair);

    shop_database(pair.primary, "pair_production", small_production_sql());
    shop_database(pair.primary, "pair_preview",
                  "CREATE TABLE generation (name text); INSERT INTO generation VALUES ('new')");
    cluster_catch_up(pair.standby, pair.primary);
    cluster_sql(pair.standby, "postgres", "SELECT pg_wal_replay_pause()");
    char *production = shop_format("%s target_session_attrs=primary",
                                   cluster_conninfo_of_both(pair.standby, pair.primary, "pair_production"));
    shop_project(shop, "pair", production);
    shop_preview(shop, "pair", "pair", cluster_conninfo(pair.primary, "pair_preview"), 0);
    char *request = shop_acked(shop, "pair", "pair");
    struct outcome outcome = shop_promote_ok(
        shop, &(struct shop_promotion){.request_id = request, .verify = CUTOVER_VERIFY_RESTORE});
    check_production(pair.primary, "pair_production", "new");
    outcome_free(&outcome);
    free(request);
    free(production);
    pair_stop(&pair);
}

static void a_promoted_standby_without_the_swap_is_opened(void **state)
{
    a_swap_that_a_failover_lost_is_known(true, *state);
}

static void a_promoted_standby_without_the_door_is_opened(void **state)
{
    a_swap_that_a_failover_lost_is_known(false, *state);
}

/* The old primary is still there when the new one begins to take writes, and the connection string leads to both. */
static void the_other_takes_over(struct shop *shop, void *context)
{
    struct pair *pair = context;

    (void)shop;
    cluster_catch_up(pair->standby, pair->primary);
    cluster_halt(pair->primary, "immediate");
    cluster_promote(pair->standby);
}

static void a_failover_in_the_swap_swaps_nothing_and_says_so(void **state)
{
    struct shop *shop = *state;
    struct pair pair = {0};

    pair_start(&pair);
    char *request = pair_ready(shop, &pair);
    shop->traffic.while_paused = the_other_takes_over;
    shop->traffic.context = &pair;
    struct outcome outcome = shop_promote(shop, &(struct shop_promotion){.request_id = request});
    shop->traffic.while_paused = NULL;
    assert_int_not_equal(outcome.status, CUTOVER_OK);
    check_contains(cutover_error_message(outcome.error), "failed over");
    check_contains(cutover_error_message(outcome.error), "timeline 1, now 2");
    check_production(pair.standby, "pair_production", "old");
    check_no_staging(pair.standby);
    check_request_is(shop, request, "failed");
    check_quiet(shop, "pair");
    outcome_free(&outcome);
    free(request);
    pair_stop(&pair);
}

/* As long as its leader is gone a cluster has no other. */
struct failover {
    struct pair pair;
    bool waited_for;
};

static void the_leader_dies_behind_the_door(struct shop *shop, void *context)
{
    struct failover *failover = context;

    (void)shop;
    cluster_sql(failover->pair.primary, "postgres", "ALTER DATABASE pair_production ALLOW_CONNECTIONS false");
    cluster_catch_up(failover->pair.standby, failover->pair.primary);
    cluster_halt(failover->pair.primary, "immediate");
}

static void another_leads(cutover_log_level level, const char *line, void *userdata)
{
    struct failover *failover = userdata;

    (void)level;
    if (failover->waited_for || strstr(line, "waiting for it") == NULL)
        return;
    failover->waited_for = true;
    cluster_promote(failover->pair.standby);
}

/* Production is open when the job has ended, and nobody needs to recover it. */
static void a_failover_behind_the_door_is_waited_for(void **state)
{
    struct shop *shop = *state;
    struct failover failover = {.waited_for = false};

    pair_start(&failover.pair);
    char *request = pair_ready(shop, &failover.pair);
    shop->traffic.while_paused = the_leader_dies_behind_the_door;
    shop->traffic.context = &failover;
    shop->engine->log = another_leads;
    shop->engine->log_userdata = &failover;
    shop->engine->host.failover_wait_ms = FAILOVER_WAIT_MS;
    struct outcome outcome = shop_promote(shop, &(struct shop_promotion){.request_id = request});
    shop->traffic.while_paused = NULL;
    assert_true(failover.waited_for);
    check_status_keep(outcome.status, CUTOVER_E_POSTGRES, outcome.error);
    check_contains(cutover_error_message(outcome.error), "timeline 1, now 2");
    assert_null(strstr(cutover_error_message(outcome.error), "not undone"));
    check_production(failover.pair.standby, "pair_production", "old");
    check_no_staging(failover.pair.standby);
    check_request_is(shop, request, "failed");
    check_quiet(shop, "pair");
    outcome_free(&outcome);
    free(request);
    pair_stop(&failover.pair);
}

static void rename_socket(struct cluster *server, bool away)
{
    char *socket = shop_format("%s/.s.PGSQL.%d", cluster_socket_dir(server), cluster_port(server));
    char *hidden = shop_format("%s.away", socket);

    assert_int_equal(away ? rename(socket, hidden) : rename(hidden, socket), 0);
    free(socket);
    free(hidden);
}

static int new_sessions_go_elsewhere(struct shop *shop, void *context)
{
    struct pair *pair = context;

    (void)shop;
    cluster_catch_up(pair->standby, pair->primary);
    cluster_promote(pair->standby);
    rename_socket(pair->primary, true);
    return 0;
}

/* Both take writes, as in a network that is split, and have all names and OIDs in common: nothing is proved on the one and swapped
   on the other. The sessions of the swap are open from before the fence on: a split that comes later is noticed by nobody, nor does it
   matter. */
static void two_primaries_are_not_taken_for_one(void **state)
{
    struct shop *shop = *state;
    struct pair pair = {0};

    pair_start(&pair);
    char *request = pair_ready(shop, &pair);
    const struct shop_hook hooks[] = {{"verify", new_sessions_go_elsewhere, &pair}, {NULL, NULL, NULL}};
    struct outcome outcome =
        shop_promote(shop, &(struct shop_promotion){.request_id = request, .hooks = hooks});
    rename_socket(pair.primary, false);
    check_status_keep(outcome.status, CUTOVER_E_LOCKED, outcome.error);
    check_contains(cutover_error_message(outcome.error), "not the one any more");
    check_production(pair.primary, "pair_production", "old");
    check_no_staging(pair.primary);
    outcome_free(&outcome);
    free(request);
    pair_stop(&pair);
}

/* ---- a server that is restored from a physical copy ---- */

static void what_a_restored_server_lost_is_known(void **state)
{
    struct shop *shop = *state;
    char *first = small_ready(shop, "copy");

    cluster_save(cluster);
    struct outcome outcome = shop_promote_ok(shop, &(struct shop_promotion){.request_id = first});
    outcome_free(&outcome);
    cluster_sql(cluster, "copy_preview", "UPDATE generation SET name = 'newer'");
    char *second = shop_acked(shop, "copy", "copy");
    outcome = shop_promote_ok(shop, &(struct shop_promotion){.request_id = second});
    outcome_free(&outcome);
    check_production(cluster, "copy_production", "newer");
    cluster_return(cluster);

    struct told told = looked(shop, "copy");
    check_told(&told, CUTOVER_RECOVERED_LOST, "and from before 1 more");
    told = recovered(shop, "copy");
    check_told(&told, CUTOVER_RECOVERED_LOST, "the records say so");
    check_request_is(shop, first, "failed");
    check_request_is(shop, second, "failed");
    check_production(cluster, "copy_production", "old");
    check_quiet(shop, "copy");
    free(first);
    free(second);
}

/* A rollback that was lost leaves its cutover completed. */
static void a_rollback_that_a_restored_server_lost_is_known(void **state)
{
    struct shop *shop = *state;
    char *request = small_promoted(shop, "copy");

    cluster_save(cluster);
    struct outcome rolled = rollback_run_out(rollback_started(shop, request, true, CUTOVER_WRITES_UNKNOWN));
    check_ok(rolled.status, rolled.error);
    outcome_free(&rolled);
    check_request_is(shop, request, "rolled_back");
    cluster_return(cluster);
    struct told told = recovered(shop, "copy");
    check_told(&told, CUTOVER_RECOVERED_LOST, "rollback");
    check_request_is(shop, request, "completed");
    check_production(cluster, "copy_production", "new");
    free(request);
}

/* ---- what people do ---- */

static void what_people_renamed_is_left_alone(void **state)
{
    struct shop *shop = *state;
    char *request = small_promoted(shop, "renamed"), *displaced = displaced_only(shop, "renamed");
    char *sql = shop_format("ALTER DATABASE renamed_production RENAME TO renamed_away;"
                            "ALTER DATABASE %s RENAME TO renamed_production;"
                            "ALTER DATABASE renamed_production ALLOW_CONNECTIONS true",
                            displaced);

    cluster_sql(cluster, "postgres", sql);
    cluster_sql(cluster, "postgres", "ALTER DATABASE renamed_production RESET default_transaction_read_only");
    struct told told = looked(shop, "renamed");
    check_told(&told, CUTOVER_RECOVERED_DIFFERENT, "somebody took it back by hand");
    check_quiet(shop, "renamed");
    check_request_is(shop, request, "completed");
    cluster_sql(cluster, "postgres", "DROP DATABASE renamed_production");
    cluster_sql(cluster, "postgres", "ALTER DATABASE renamed_away RENAME TO renamed_production");
    free(sql);
    free(displaced);
    free(request);
}

/* As a person would who knows no better name for it, or none at all. */
static char *taken_back(struct shop *shop, const char *request, const char *aside)
{
    char *displaced = displaced_only(shop, "back");
    char *sql = shop_format("%s; ALTER DATABASE %s RENAME TO back_production;"
                            "ALTER DATABASE back_production ALLOW_CONNECTIONS true;"
                            "ALTER DATABASE back_production RESET default_transaction_read_only",
                            aside, displaced);

    for (char *rest = sql, *statement; (statement = strsep(&rest, ";")) != NULL;)
        cluster_sql(cluster, "postgres", statement);
    check_production(cluster, "back_production", "old");
    check_request_is(shop, request, "completed");
    free(sql);
    return displaced;
}

/* Under the very name that it had before its swap: rows may be in it that are nowhere else. */
static void what_people_put_aside_is_never_dropped(void **state)
{
    struct shop *shop = *state;
    char *request = small_ready(shop, "back"), staging[64];
    struct outcome outcome = shop_promote_ok(shop, &(struct shop_promotion){.request_id = request});

    cluster_sql(cluster, "back_production", "UPDATE generation SET name = 'kept'");
    database_name_make(staging, "cutover_stage_", outcome.promotion_id);
    char *aside = shop_format("ALTER DATABASE back_production RENAME TO %s", staging);
    char *displaced = taken_back(shop, request, aside);
    struct told told = looked(shop, "back");
    check_told(&told, CUTOVER_RECOVERED_DIFFERENT, "somebody took it back by hand");
    check_quiet(shop, "back");
    check_production(cluster, staging, "kept");
    check_request_is(shop, request, "completed");
    char *drop = shop_format("DROP DATABASE %s", staging);
    cluster_sql(cluster, "postgres", drop);
    free(drop);
    free(aside);
    free(displaced);
    free(request);
    outcome_free(&outcome);
}

/* Nobody can tell that from a server that was restored: both are said. */
static void what_people_dropped_is_not_said_to_be_the_servers_loss(void **state)
{
    struct shop *shop = *state;
    char *request = small_promoted(shop, "back");
    char *displaced = taken_back(shop, request, "DROP DATABASE back_production");

    struct told told = looked(shop, "back");
    check_told(&told, CUTOVER_RECOVERED_LOST,
               "it is not on production's server any more: that was restored to before it, or somebody took it "
               "back by hand (timeline 1 then, 1 now)");
    told = recovered(shop, "back");
    check_told(&told, CUTOVER_RECOVERED_LOST, "the records say so");
    check_request_is(shop, request, "failed");
    check_production(cluster, "back_production", "old");
    check_quiet(shop, "back");
    free(displaced);
    free(request);
}

static void a_door_that_somebody_closed_is_told_and_left(void **state)
{
    struct shop *shop = *state;
    char *request = small_promoted(shop, "door");

    cluster_sql(cluster, "postgres", "ALTER DATABASE door_production ALLOW_CONNECTIONS false");
    struct told told = looked(shop, "door");
    check_told(&told, CUTOVER_RECOVERED_DIFFERENT, "ALLOW_CONNECTIONS true");
    told = recovered(shop, "door");
    check_told(&told, CUTOVER_RECOVERED_DIFFERENT, "closed to everybody");
    char *open = database_fact(cluster, "door_production", "datallowconn");
    assert_string_equal(open, "f");
    free(open);
    cluster_sql(cluster, "postgres", "ALTER DATABASE door_production ALLOW_CONNECTIONS true");
    check_quiet(shop, "door");
    free(request);
}

/* ---- servers that are away ---- */

/* A server that takes connections and says nothing; the projects whose ids begin with "away" are on it. */
static struct {
    cutover_platform inner;
    char database[200];
    int listener;
    cutover_project_emit emit;
    void *context;
} away;

static cutover_status emit_away(const cutover_project *project, void *context)
{
    cutover_project moved = *project;

    (void)context;
    if (strncmp(project->id, "away", 4) == 0)
        moved.database = away.database;
    return away.emit(&moved, away.context);
}

static cutover_status get_away(const char *project_id, cutover_project_emit emit, void *context,
                               cutover_error **error, void *userdata)
{
    away.emit = emit;
    away.context = context;
    return away.inner.project_get(project_id, emit_away, NULL, error, userdata);
}

static void go_away(struct shop *shop)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const char *folder = cluster_temp_dir();

    snprintf(address.sun_path, sizeof address.sun_path, "%s/.s.PGSQL.5432", folder);
    snprintf(away.database, sizeof away.database, "host=%s dbname=away", folder);
    away.listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(away.listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(away.listener, 16), 0);
    away.inner = shop->engine->host.platform;
    shop->engine->host.platform.project_get = get_away;
    shop->engine->host.connect_timeout_s = 1;
}

static unsigned connections_to_away(void)
{
    unsigned count = 0;

    for (int found; (found = accept(away.listener, NULL, NULL)) >= 0; count++)
        close(found);
    return count;
}

/* Two projects on the server that is away come first. */
static void servers_that_are_away_are_waited_for_once(void **state)
{
    struct shop *shop = *state;
    char *requests[] = {small_promoted(shop, "away_1"), small_promoted(shop, "away_2"),
                        small_promoted(shop, "here")};

    go_away(shop);
    cluster_sql(cluster, "postgres",
                "ALTER DATABASE here_production SET default_transaction_read_only = 'tRuE'");
    struct told told = recovered(shop, NULL);
    check_told(&told, CUTOVER_RECOVERED_UNDONE, "writable again");
    check_production(cluster, "here_production", "new");
    assert_int_equal(connections_to_away(), 1);
    close(away.listener);
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++)
        free(requests[i]);
}

/* ---- hosts that do not know of each other ---- */

static void control_in(struct shop *shop, const char *id, const char *conninfo, const char *control)
{
    cutover_project project = CUTOVER_PROJECT_INIT;
    cutover_error *error = NULL;

    project.id = id;
    project.organization_id = "acme";
    project.database = conninfo;
    project.control_database = control;
    check_ok(cutover_registry_project_add(shop->registry, &project, &error), error);
}

/* The other host's: a store of its own, another name for the project, another control database. */
struct other_host {
    struct shop shop;
    char *request;
    struct outcome outcome;
};

static void other_open(struct other_host *other)
{
    shop_open(&other->shop, cluster, NULL);
    control_in(&other->shop, "theirs", cluster_conninfo(cluster, "hosts_production"), "elsewhere");
    shop_preview(&other->shop, "theirs", "theirs", cluster_conninfo(cluster, "hosts_preview"), 0);
    other->request = shop_acked(&other->shop, "theirs", "theirs");
}

static void other_close(struct other_host *other)
{
    free(other->request);
    shop_close(&other->shop);
}

static int other_promotes(struct shop *shop, void *context)
{
    struct other_host *other = context;

    (void)shop;
    other->outcome = shop_promote(&other->shop, &(struct shop_promotion){.request_id = other->request});
    return 0;
}

static void two_hosts_exclude_each_other(void **state)
{
    struct shop *shop = *state;
    struct other_host other = {0};
    char *request = small_ready(shop, "hosts");

    cluster_create_database(cluster, "elsewhere");
    other_open(&other);
    const struct shop_hook early[] = {{"stage", other_promotes, &other}, {NULL, NULL, NULL}};
    struct outcome outcome =
        shop_promote_ok(shop, &(struct shop_promotion){.request_id = request, .hooks = early});
    check_status_keep(other.outcome.status, CUTOVER_E_LOCKED, other.outcome.error);
    check_contains(cutover_error_detail(other.outcome.error), "\"postgres\"");
    outcome_free(&other.outcome);
    outcome_free(&outcome);
    free(request);

    /* Behind the fence it is known for one: preflight says whose it may be. */
    request = shop_acked(shop, "hosts", "hosts");
    const struct shop_hook late[] = {{"verify", other_promotes, &other}, {NULL, NULL, NULL}};
    outcome = shop_promote_ok(
        shop, &(struct shop_promotion){.request_id = request, .hooks = late, .fence = CUTOVER_FENCE_EARLY});
    check_status_keep(other.outcome.status, CUTOVER_E_PREFLIGHT, other.outcome.error);
    check_contains(cutover_error_detail(other.outcome.error), "fence of a job");
    outcome_free(&other.outcome);
    outcome_free(&outcome);
    free(request);

    /* Nobody at work: theirs goes as any other, and has no fence of ours. */
    other_promotes(NULL, &other);
    check_ok(other.outcome.status, other.outcome.error);
    outcome_free(&other.outcome);
    check_production(cluster, "hosts_production", "new");
    other_close(&other);
}

static int other_recovers(struct shop *shop, void *context)
{
    struct other_host *other = context;
    struct told told = looked(&other->shop, "theirs");

    (void)shop;
    check_told(&told, CUTOVER_RECOVERED_RUNNING, "does not know");
    check_quiet(&other->shop, "theirs");
    return 0;
}

/* Who recovers beside a job of another host takes nothing away from it. */
static void a_fence_of_a_job_that_runs_is_left_alone(void **state)
{
    struct shop *shop = *state;
    struct other_host other = {0};
    char *request = small_ready(shop, "hosts");

    cluster_create_database(cluster, "elsewhere");
    other_open(&other);
    const struct shop_hook hooks[] = {{"verify", other_recovers, &other}, {NULL, NULL, NULL}};
    struct outcome outcome = shop_promote_ok(
        shop, &(struct shop_promotion){.request_id = request, .hooks = hooks, .fence = CUTOVER_FENCE_EARLY});
    outcome_free(&outcome);
    free(request);
    other_close(&other);
}

static int rename_mark(struct shop *shop, void *context)
{
    (void)context;
    /* As one that another host's job left a moment ago, after preflight. */
    cluster_sql(shop->cluster, "postgres",
                "ALTER DATABASE carried_production SET default_transaction_read_only = 'tRuE'");
    return 0;
}

/* Whoever raised it, and whenever: the new production takes writes. */
static void a_fence_is_carried_over_by_nobody(void **state)
{
    struct shop *shop = *state;
    char *request = small_ready(shop, "carried");
    const struct shop_hook hooks[] = {{"lock", rename_mark, NULL}, {NULL, NULL, NULL}};
    struct outcome outcome =
        shop_promote_ok(shop, &(struct shop_promotion){.request_id = request, .hooks = hooks});

    check_production(cluster, "carried_production", "new");
    char *settings =
        cluster_value(cluster, "postgres",
                      "SELECT count(*) FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase"
                      " WHERE d.datname = 'carried_production'");
    assert_string_equal(settings, "0");
    free(settings);
    outcome_free(&outcome);
    cutover_rollback *back = rollback_started(shop, request, true, CUTOVER_WRITES_SOME);
    struct outcome rolled = rollback_run_out(back);
    check_ok(rolled.status, rolled.error);
    check_production(cluster, "carried_production", "old");
    outcome_free(&rolled);
    free(request);
}

/* A fence of a host that is gone: what it replaced is in how it is written. */
static void a_fence_that_was_left_is_lifted_to_what_was_there(void **state)
{
    struct shop *shop = *state;
    char *request = small_ready(shop, "left");

    cluster_sql(
        cluster, "postgres",
        "CREATE ROLE left_app; ALTER DATABASE left_production SET default_transaction_read_only = 'tRuE';"
        "ALTER ROLE left_app IN DATABASE left_production SET default_transaction_read_only = 'TruE'");
    struct outcome outcome = shop_promote(shop, &(struct shop_promotion){.request_id = request});
    check_status_keep(outcome.status, CUTOVER_E_PREFLIGHT, outcome.error);
    check_contains(cutover_error_detail(outcome.error), "the database, role left_app");
    outcome_free(&outcome);
    struct told told = recovered(shop, "left");
    check_told(&told, CUTOVER_RECOVERED_UNDONE, "writable again");
    char *settings = cluster_value(cluster, "postgres",
                                   "SELECT string_agg(setrole::regrole || ' ' || setconfig::text, ', ')"
                                   "  FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase"
                                   " WHERE d.datname = 'left_production'");
    assert_string_equal(settings, "left_app {default_transaction_read_only=off}");
    free(settings);
    cluster_sql(cluster, "postgres",
                "ALTER ROLE left_app IN DATABASE left_production RESET ALL; DROP ROLE left_app");
    free(request);
}

int main(void)
{
#define test(name) cmocka_unit_test_setup_teardown(name, shop_setup, shop_teardown)
    const struct CMUnitTest tests[] = {
        test(a_crash_right_after_the_end_loses_nothing),
        test(a_crash_right_after_an_undoing_leaves_production_open),
        test(a_standby_that_is_gone_holds_up_nothing),
        test(a_standby_that_is_gone_keeps_nothing_closed),
        test(a_promoted_standby_without_the_swap_is_opened),
        test(a_promoted_standby_without_the_door_is_opened),
        test(a_door_whose_opening_a_failover_lost_is_opened),
        test(a_server_that_is_a_standby_now_is_told),
        test(a_failover_in_the_swap_swaps_nothing_and_says_so),
        test(a_failover_behind_the_door_is_waited_for),
        test(a_standby_that_is_named_first_is_not_asked_for_what_it_has_not),
        test(two_primaries_are_not_taken_for_one),
        test(what_a_restored_server_lost_is_known),
        test(a_rollback_that_a_restored_server_lost_is_known),
        test(what_people_renamed_is_left_alone),
        test(what_people_put_aside_is_never_dropped),
        test(what_people_dropped_is_not_said_to_be_the_servers_loss),
        test(a_door_that_somebody_closed_is_told_and_left),
        test(servers_that_are_away_are_waited_for_once),
        test(two_hosts_exclude_each_other),
        test(a_fence_of_a_job_that_runs_is_left_alone),
        test(a_fence_is_carried_over_by_nobody),
        test(a_fence_that_was_left_is_lifted_to_what_was_there),
    };

    cmocka_set_test_filter(getenv("CUTOVER_TEST"));
    return cmocka_run_group_tests(tests, start_cluster, NULL);
}
