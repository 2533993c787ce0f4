/*
 * Promotions, backups and recovery on a real server, with an allocation of any of their threads failing, libpq's, SQLite's
 * and json-c's included. What fails leaves production open and writable, at once or after recovery; and an allocation that
 * was not needed changes nothing.
 */
#include "base/clock.h"
#include "faults/race.h"
#include "faults/starve.h"
#include "postgres/copy.h"
#include "postgres/session.h"
#include "support/seed.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

static struct cluster *cluster;
static bool soak;

static int start_cluster(void **state)
{
    (void)state;
    cluster = cluster_start(NULL);
    return 0;
}

static int stop_cluster(void **state)
{
    (void)state;
    cluster_stop(cluster);
    return 0;
}

/* ---- one session ---- */

/* A session is opened, answers, refuses and begins a COPY: every kind of message that libpq may have no memory for. */
static cutover_status session_use(const struct conninfo *conninfo, cutover_error **error)
{
    struct session_options options = {.conninfo = conninfo};
    struct session *session = NULL;
    struct copy_in copy;

    cutover_status status = session_open(&options, &session, error);
    if (status == CUTOVER_OK) {
        session->deadline_us = monotonic_us() + 20 * SHOP_SECOND;
        status = session_run(session, "CREATE TEMPORARY TABLE rows (id int); SELECT 1", error);
    }
    if (status == CUTOVER_OK && session_run(session, "SELECT 1/0", NULL) == CUTOVER_OK)
        status = error_set(error, CUTOVER_E_INTERNAL, "an error was not seen");
    if (status == CUTOVER_OK)
        status = copy_in_open(&copy, session, "rows", "(id)", "rows", false, false, error);
    if (status == CUTOVER_OK) {
        status = copy_in_put(&copy, "1\n", 2, 1, error);
        if (status == CUTOVER_OK)
            status = copy_in_finish(&copy, error);
        if (status != CUTOVER_OK)
            copy_in_abort(&copy);
    }
    session_close(session);
    return status;
}

/* libpq that has no memory for a message which is there waits for more of it. */
static void a_session_short_of_memory_waits_for_nothing(void **state)
{
    struct conninfo conninfo;
    cutover_error *error = NULL;
    bool failed = true;
    unsigned long nth = 0;

    (void)state;
    check_ok(conninfo_parse("database", cluster_conninfo(cluster, "postgres"), &conninfo, &error), error);
    while (failed) {
        starve_begin(STARVE_THREAD, ++nth);
        cutover_status status = session_use(&conninfo, &error);
        starve_end(&failed);
        if (status != CUTOVER_OK && strstr(cutover_error_message(error), "did not answer in time") != NULL)
            fail_msg("allocation %lu: %s", nth, cutover_error_message(error));
        assert_int_not_equal(status, CUTOVER_E_INTERNAL);
        if (!failed)
            check_ok(status, error);
        cutover_error_free(error);
        error = NULL;
    }
    print_message("%lu allocations\n", nth - 1);
    conninfo_free(&conninfo);
}

/* ---- promotions ---- */

/* A tiny project: what counts here are the calls, not the rows. */
static void shop_begin(struct shop *shop)
{
    shop_open(shop, cluster, NULL);
    shop_database(
        cluster, "production",
        "CREATE TABLE generation (name text); INSERT INTO generation VALUES ('old');"
        "CREATE TABLE items (id serial PRIMARY KEY, name text); INSERT INTO items (name) VALUES ('a');"
        "SELECT lo_from_bytea(4711, 'large')");
    shop_database(
        cluster, "preview",
        "CREATE TABLE generation (name text); INSERT INTO generation VALUES ('new');"
        "CREATE TABLE things (id serial PRIMARY KEY, name text); INSERT INTO things (name) VALUES ('b');"
        "CREATE INDEX ON things (name); SELECT lo_from_bytea(4712, 'large')");
    shop_project(shop, "tiny", cluster_conninfo(cluster, "production"));
    shop_preview(shop, "tiny", "tiny", cluster_conninfo(cluster, "preview"), 0);
}

static void shop_end(struct shop *shop)
{
    shop_close(shop);
    shop_check_server(cluster);
    cluster_sql(cluster, "postgres", "DROP DATABASE production");
    cluster_sql(cluster, "postgres", "DROP DATABASE preview");
}

/* Production holds what the last promotion brought: it is marked as old before the next. */
static void mark_old(void)
{
    cluster_sql(cluster, "production", "UPDATE generation SET name = 'old'");
}

static void check_generation(const char *expected)
{
    char *found = cluster_value(cluster, "production", "SELECT name FROM generation");

    assert_string_equal(found, expected);
    free(found);
}

static cutover_status receive_recovery(const cutover_recovery *recovery, void *context)
{
    (void)context;
    if (recovery->outcome != CUTOVER_RECOVERED_COMPLETED && recovery->outcome != CUTOVER_RECOVERED_UNDONE)
        fail_msg("recovery: %s: %s", cutover_recovered_name(recovery->outcome), recovery->message);
    return CUTOVER_OK;
}

/* When nothing was seen of any lease for long enough. */
static void recover_late(struct shop *shop)
{
    cutover_error *error = NULL;

    shop_leases_fall_silent(shop);
    check_ok(cutover_recover(shop->engine, NULL, receive_recovery, NULL, &error), error);
}

/* Whatever happened: the records tell what production holds, which is open, writable and active. */
static void check_settled(struct shop *shop, const char *request, const struct outcome *outcome)
{
    char *state = shop_project_state(shop, "tiny");
    char *status = shop_request_status(shop, request);

    assert_string_equal(state, "active");
    if (strcmp(status, "completed") == 0) {
        check_generation("new");
    } else {
        assert_int_not_equal(outcome->status, CUTOVER_OK);
        /* A request that was only refused is acked still. */
        if (strcmp(status, "failed") != 0 && strcmp(status, "acked") != 0)
            fail_msg("the request is %s", status);
        check_generation("old");
    }
    cluster_sql(cluster, "production", "CREATE TABLE can_write (); DROP TABLE can_write");
    shop_check_server(cluster);
    free(state);
    free(status);
}

struct starved {
    unsigned long nth, count;
    bool failed;
};

static struct outcome promote_starved(struct shop *shop, const char *request, cutover_verify_method verify,
                                      struct starved *starved)
{
    cutover_promotion_options options = CUTOVER_PROMOTION_OPTIONS_INIT;
    struct outcome outcome = {0};
    cutover_promotion *job = NULL;

    options.actor = &shop_operator;
    options.request_id = request;
    options.verify = verify;
    starve_begin(STARVE_ALL, starved->nth);
    outcome.status = cutover_promotion_start(shop->engine, &options, &job, &outcome.error);
    if (outcome.status == CUTOVER_OK)
        outcome.status = cutover_promotion_run(job, &outcome.error);
    starved->count = starve_end(&starved->failed);
    cutover_promotion_free(job);
    assert_int_equal(cutover_error_code(outcome.error), outcome.status);
    return outcome;
}

/* The samples are spread over all of the allocations, at others with each seed. */
static unsigned long sample(unsigned long i, unsigned long samples, unsigned long all)
{
    return 1 + (16 * i + 1 + 2 * (seed_given() % 8)) * all / (16 * samples);
}

/* So many are taken without a seed. */
static unsigned long samples_of(unsigned long without, unsigned long in_soak)
{
    return soak ? in_soak : seed_samples() ? (without + 1) / 2 : without;
}

static void promotions_with(cutover_verify_method verify, unsigned long samples)
{
    struct starved starved = {0};
    struct shop shop;

    char *request = NULL;
    struct outcome outcome;

    shop_begin(&shop);
    /* Twice, for what is made once is made by the first. */
    for (int calm = 0; calm < 2; calm++) {
        free(request);
        request = shop_acked(&shop, "tiny", "tiny");
        outcome = promote_starved(&shop, request, verify, &starved);
        check_ok(outcome.status, outcome.error);
    }
    unsigned long all = starved.count, completed = 0, recovered = 0;
    print_message("a promotion makes %lu allocations\n", all);
    for (unsigned long i = 0; i < samples; i++) {
        char *status = shop_request_status(&shop, request);
        if (strcmp(status, "acked") != 0) {
            free(request);
            request = shop_acked(&shop, "tiny", "tiny");
        }
        free(status);
        mark_old();
        starved.nth = sample(i, samples, all);
        outcome = promote_starved(&shop, request, verify, &starved);
        char *state = shop_project_state(&shop, "tiny");
        recovered += strcmp(state, "active") != 0;
        completed += outcome.status == CUTOVER_OK;
        free(state);
        recover_late(&shop);
        check_settled(&shop, request, &outcome);
        outcome_free(&outcome);
    }
    print_message("%lu sampled: %lu completed all the same, %lu were left to recovery\n", samples, completed,
                  recovered);
    free(request);
    shop_end(&shop);
}

static void a_promotion_short_of_memory_is_whole_or_undone(void **state)
{
    (void)state;
    promotions_with(CUTOVER_VERIFY_READBACK, getenv("CUTOVER_NTH") ? 1 : samples_of(14, 3000));
    promotions_with(CUTOVER_VERIFY_RESTORE, samples_of(5, 3000));
}

/* ---- backups ---- */

static void check_backups(struct shop *shop)
{
    cutover_backup_list *list = NULL;
    cutover_error *error = NULL;

    check_ok(cutover_backups_list(shop->engine, "tiny", NULL, 1000, &list, &error), error);
    for (size_t i = 0; i < cutover_backup_list_count(list); i++) {
        const char *status = cutover_backup_status(cutover_backup_list_at(list, i));
        assert_true(strcmp(status, "verified") == 0 || strcmp(status, "failed") == 0);
    }
    cutover_backup_list_free(list);
    shop_check_server(cluster);
}

static cutover_status backup_starved(struct shop *shop, const char *verify_id, struct starved *starved,
                                     cutover_backup **backup)
{
    cutover_backup_options options = CUTOVER_BACKUP_OPTIONS_INIT;
    cutover_error *error = NULL;

    options.actor = &shop_operator;
    options.project_id = "tiny";
    starve_begin(STARVE_ALL, starved->nth);
    cutover_status status = verify_id == NULL
                                ? cutover_backup_create(shop->engine, &options, backup, &error)
                                : cutover_backup_verify(shop->engine, &options, verify_id, backup, &error);
    starved->count = starve_end(&starved->failed);
    assert_int_equal(cutover_error_code(error), status);
    cutover_error_free(error);
    return status;
}

static void backups_with(struct shop *shop, const char *verify_id, unsigned long samples)
{
    struct starved starved = {0};
    cutover_backup *backup = NULL;

    for (int calm = 0; calm < 2; calm++) {
        assert_int_equal(backup_starved(shop, verify_id, &starved, &backup), CUTOVER_OK);
        cutover_backup_free(backup);
    }
    unsigned long all = starved.count;
    for (unsigned long i = 0; i < samples; i++) {
        backup = NULL;
        starved.nth = sample(i, samples, all);
        cutover_status status = backup_starved(shop, verify_id, &starved, &backup);
        assert_true(status == CUTOVER_OK || backup == NULL);
        cutover_backup_free(backup);
        recover_late(shop);
        check_backups(shop);
        cluster_sql(cluster, "production", "CREATE TABLE can_write (); DROP TABLE can_write");
    }
    print_message("%s: %lu allocations, %lu sampled\n", verify_id == NULL ? "create" : "verify", all, samples);
}

static void a_backup_short_of_memory_is_verified_or_failed(void **state)
{
    struct starved calm = {0};
    cutover_backup *backup = NULL;
    struct shop shop;

    (void)state;
    shop_begin(&shop);
    backups_with(&shop, NULL, samples_of(7, 1000));
    assert_int_equal(backup_starved(&shop, NULL, &calm, &backup), CUTOVER_OK);
    backups_with(&shop, cutover_backup_id(backup), samples_of(5, 1000));
    cutover_backup_free(backup);
    shop_end(&shop);
}

/* ---- recovery ---- */

/* A promotion whose process is killed at the stop. */
static char *die_at(struct shop *shop, const char *stop)
{
    char *request = shop_acked(shop, "tiny", "tiny");
    cutover_status result;
    pid_t child = race_alone(shop, &(struct racer){.verb = "promote", .request_id = request, .stop = stop});

    assert_true(race_stopped(child, &result));
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, NULL, 0), child);
    return request;
}

static void recover_starved(struct shop *shop, struct starved *starved)
{
    cutover_error *error = NULL;

    starve_begin(STARVE_ALL, starved->nth);
    cutover_status status = cutover_recover(shop->engine, NULL, NULL, NULL, &error);
    starved->count = starve_end(&starved->failed);
    assert_int_equal(cutover_error_code(error), status);
    cutover_error_free(error);
}

static void recoveries_with(struct shop *shop, const char *stop, unsigned long samples)
{
    struct outcome killed = {.status = CUTOVER_E_INTERNAL};
    struct starved starved = {0};
    char *request = die_at(shop, stop);

    recover_starved(shop, &starved);
    check_settled(shop, request, &killed);
    unsigned long all = starved.count;
    for (unsigned long i = 0; i < samples; i++) {
        free(request);
        mark_old();
        request = die_at(shop, stop);
        starved.nth = sample(i, samples, all);
        recover_starved(shop, &starved);
        recover_late(shop);
        check_settled(shop, request, &killed);
    }
    print_message("killed %s: %lu allocations, %lu sampled\n", stop, all, samples);
    free(request);
}

static void a_recovery_short_of_memory_is_finished_by_the_next(void **state)
{
    struct shop shop;

    (void)state;
    shop_begin(&shop);
    recoveries_with(&shop, "before production\" RENAME TO", samples_of(3, 400));
    recoveries_with(&shop, "moving active", samples_of(3, 400));
    shop_end(&shop);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_session_short_of_memory_waits_for_nothing),
        cmocka_unit_test(a_promotion_short_of_memory_is_whole_or_undone),
        cmocka_unit_test(a_backup_short_of_memory_is_verified_or_failed),
        cmocka_unit_test(a_recovery_short_of_memory_is_finished_by_the_next),
    };
    int code;

    if (race_is_child(argc, argv, &code))
        return code;
    soak = getenv("CUTOVER_SOAK") != NULL;
    if (argc == 2)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, start_cluster, stop_cluster);
}
