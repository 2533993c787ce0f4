/* Processes that were stopped, and go on when their work was given up or taken over: EDGE_CASES D4, E17, E18. */
#include "faults/race.h"
#include "support/seed.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct cluster *cluster;
static bool soak;

static int start_cluster(void **state)
{
    (void)state;
    soak = getenv("CUTOVER_SOAK") != NULL;
    cluster = cluster_start("max_connections = 200");
    shop_use(cluster);
    return 0;
}

static int stop_cluster(void **state)
{
    (void)state;
    cluster_stop(cluster);
    return 0;
}

/* ---- a promoter that was stopped until its work was given up ---- */

/* What the records and production say: after recovery it is nobody's to change but a later promotion's. */
struct seen {
    char *dump, *properties, *oid, *state, *request, *audit, *events, *promotion, *backups;
};

static char *backups_of(struct shop *shop, const char *project)
{
    cutover_backup_list *list = NULL;
    cutover_error *error = NULL;
    char *all = shop_format("%s", "");

    check_ok(cutover_backups_list(shop->engine, project, NULL, 1000, &list, &error), error);
    for (size_t i = 0; i < cutover_backup_list_count(list); i++) {
        char *longer = shop_format("%s%s\n", all, cutover_backup_json(cutover_backup_list_at(list, i)));
        free(all);
        all = longer;
    }
    cutover_backup_list_free(list);
    return all;
}

static char *oid_of(const char *database)
{
    char *sql =
        shop_format("SELECT oid || ' ' || datallowconn FROM pg_database WHERE datname = '%s'", database);
    char *value = cluster_value(cluster, "postgres", sql);

    free(sql);
    return value;
}

static char *promotion_json(struct shop *shop, const char *request)
{
    cutover_error *error = NULL;
    char *json = NULL, *copy;

    cutover_status status = cutover_promotion_show(shop->engine, request, &json, &error);
    if (status == CUTOVER_E_STATE) {
        cutover_error_free(error);
        return shop_format("%s", "none");
    }
    check_ok(status, error);
    copy = shop_format("%s", json);
    cutover_string_free(json);
    return copy;
}

static void look(struct seen *seen, struct shop *shop, const char *name, const char *request)
{
    char *production = shop_format("%s_production", name);

    seen->dump = shop_dump(cluster, production);
    seen->properties = shop_properties(cluster, production);
    seen->oid = oid_of(production);
    seen->state = shop_project_state(shop, name);
    seen->request = shop_request_status(shop, request);
    seen->audit = shop_audit(shop, name);
    seen->events = shop_events(shop, name);
    seen->promotion = promotion_json(shop, request);
    seen->backups = backups_of(shop, name);
    free(production);
}

static void seen_free(struct seen *seen)
{
    free(seen->dump);
    free(seen->properties);
    free(seen->oid);
    free(seen->state);
    free(seen->request);
    free(seen->audit);
    free(seen->events);
    free(seen->promotion);
    free(seen->backups);
}

static void check_as_seen(const struct seen *before, struct shop *shop, const char *name, const char *request)
{
    struct seen now;

    look(&now, shop, name, request);
    check_same_text(now.dump, before->dump);
    assert_string_equal(now.properties, before->properties);
    assert_string_equal(now.oid, before->oid);
    assert_string_equal(now.state, before->state);
    assert_string_equal(now.request, before->request);
    assert_string_equal(now.audit, before->audit);
    assert_string_equal(now.events, before->events);
    assert_string_equal(now.promotion, before->promotion);
    assert_string_equal(now.backups, before->backups);
    seen_free(&now);
}

struct recovered {
    unsigned count;
    cutover_recovered outcome;
};

static cutover_status receive_recovery(const cutover_recovery *recovery, void *context)
{
    struct recovered *recovered = context;

    recovered->count++;
    recovered->outcome = recovery->outcome;
    if (recovery->outcome == CUTOVER_RECOVERED_FAILED)
        print_message("recovery failed: %s\n", recovery->message);
    return CUTOVER_OK;
}

/* When nothing was seen of the lease for long enough. */
static cutover_recovered recover_late(struct shop *shop, const char *project)
{
    struct recovered recovered = {0};
    cutover_error *error = NULL;

    shop_leases_fall_silent(shop);
    check_ok(cutover_recover(shop->engine, project, receive_recovery, &recovered, &error), error);
    assert_int_equal(recovered.count, 1);
    return recovered.outcome;
}

static void await_status(struct shop *shop, const char *request, const char *status)
{
    char *mark = shop_format("\"status\":\"%s\"", status);
    bool there = false;

    for (int i = 0; i < 6000 && !there; i++) {
        char *json = promotion_json(shop, request);
        there = strstr(json, mark) != NULL;
        free(json);
        usleep(there ? 0 : 10000);
    }
    assert_true(there);
    free(mark);
}

static void release(struct shop *shop, const char *request)
{
    cutover_error *error = NULL;

    check_ok(cutover_promotion_release(shop->engine, &shop_operator, request, &error), error);
}

/* What else goes on while the zombie is stopped. */
enum meanwhile { NOTHING, COMPLETED, HELD, MEANWHILE_COUNT };

static const char *const meanwhile_names[] = {"nothing else", "a later promotion completed",
                                              "a later promotion is under way"};

/* A project with two previews and a request that is acked for each. */
struct rivalry {
    char *name, *production, *zombie_request, *later_request;
};

static void rivalry_open(struct rivalry *rivalry, struct shop *shop)
{
    static unsigned count;

    rivalry->name = shop_format("rivals%u", count++);
    rivalry->production = shop_format("%s_production", rivalry->name);
    char *later = shop_format("%s_later", rivalry->name);
    rivalry->zombie_request = shop_ready(shop, rivalry->name);
    shop_database(cluster, later,
                  "CREATE TABLE generation (name text); INSERT INTO generation VALUES ('later')");
    shop_preview(shop, later, rivalry->name, cluster_conninfo(cluster, later), 0);
    rivalry->later_request = shop_acked(shop, rivalry->name, later);
    free(later);
}

static void rivalry_close(struct rivalry *rivalry)
{
    const char *kinds[] = {"production", "preview", "later"};

    shop_check_server(cluster);
    for (size_t i = 0; i < 3; i++) {
        char *sql = shop_format("DROP DATABASE %s_%s", rivalry->name, kinds[i]);
        cluster_sql(cluster, "postgres", sql);
        free(sql);
    }
    free(rivalry->name);
    free(rivalry->production);
    free(rivalry->zombie_request);
    free(rivalry->later_request);
}

static void check_generation(const struct rivalry *rivalry, const char *expected)
{
    char *found = cluster_value(cluster, rivalry->production, "SELECT name FROM generation");

    assert_string_equal(found, expected);
    free(found);
}

static void check_writable(const struct rivalry *rivalry)
{
    cluster_sql(cluster, rivalry->production, "CREATE TABLE can_write (); DROP TABLE can_write");
}

static void check_fenced(const struct rivalry *rivalry)
{
    char *value = cluster_value(cluster, rivalry->production, "SHOW default_transaction_read_only");

    assert_string_equal(value, "on");
    free(value);
}

/* The later promotion is held, its fence up; now the zombie goes on; then the later one is let go and completes. */
static void continue_beside(struct shop *shop, const struct rivalry *rivalry, pid_t zombie,
                            cutover_status *result)
{
    struct seen before;
    pid_t later = race_alone(shop, &(struct racer){.verb = "promote",
                                                   .request_id = rivalry->later_request,
                                                   .hold = true,
                                                   .fence = CUTOVER_FENCE_EARLY});

    await_status(shop, rivalry->later_request, "held");
    look(&before, shop, rivalry->name, rivalry->zombie_request);
    check_fenced(rivalry);
    kill(zombie, SIGCONT);
    *result = race_result(zombie);
    check_fenced(rivalry);
    check_as_seen(&before, shop, rivalry->name, rivalry->zombie_request);
    seen_free(&before);
    release(shop, rivalry->later_request);
    assert_int_equal(race_result(later), CUTOVER_OK);
    check_generation(rivalry, "later");
}

static void continue_after(struct shop *shop, const struct rivalry *rivalry, pid_t zombie, bool later,
                           cutover_status *result)
{
    struct seen before;

    if (later) {
        struct racer racer = {.verb = "promote", .request_id = rivalry->later_request};
        assert_int_equal(race_result(race_alone(shop, &racer)), CUTOVER_OK);
        check_generation(rivalry, "later");
    }
    look(&before, shop, rivalry->name, rivalry->zombie_request);
    kill(zombie, SIGCONT);
    *result = race_result(zombie);
    check_as_seen(&before, shop, rivalry->name, rivalry->zombie_request);
    seen_free(&before);
}

struct zombie {
    const char *stop; /* or NULL: it is held, stopped from outside, and released while it is stopped */
    bool restore;     /* the backup is verified by restoring it */
    bool fails;       /* a write that slips through the fence makes it fail, and it stops while it undoes */
};

/* The zombie as far as its stop. */
static pid_t zombie_begin(struct shop *shop, const struct rivalry *rivalry, const struct zombie *how)
{
    cutover_status result = CUTOVER_OK;
    struct racer racer = {.verb = "promote",
                          .request_id = rivalry->zombie_request,
                          .hold = how->stop == NULL || how->fails,
                          .fence = how->fails ? CUTOVER_FENCE_EARLY : CUTOVER_FENCE_LATE,
                          .verify = how->restore ? CUTOVER_VERIFY_RESTORE : CUTOVER_VERIFY_READBACK,
                          .stop = how->stop};
    pid_t zombie = race_alone(shop, &racer);

    if (racer.hold)
        await_status(shop, rivalry->zombie_request, "held");
    if (how->fails) {
        cluster_sql(cluster, rivalry->production,
                    "BEGIN; SET TRANSACTION READ WRITE; INSERT INTO generation VALUES ('slipped'); COMMIT;");
        release(shop, rivalry->zombie_request);
    }
    if (how->stop == NULL) {
        kill(zombie, SIGSTOP);
        assert_true(race_stopped(zombie, &result));
        release(shop, rivalry->zombie_request);
    } else if (!race_stopped(zombie, &result)) {
        fail_msg("it never came to \"%s\" (%s)", how->stop, cutover_status_name(result));
    }
    return zombie;
}

static void check_zombie(struct shop *shop, const struct zombie *how, enum meanwhile meanwhile)
{
    struct rivalry rivalry;
    cutover_status result;

    print_message("stopped %s; %s\n", how->stop != NULL ? how->stop : "while held", meanwhile_names[meanwhile]);
    rivalry_open(&rivalry, shop);
    pid_t zombie = zombie_begin(shop, &rivalry, how);
    cutover_recovered outcome = recover_late(shop, rivalry.name);
    check_writable(&rivalry);
    if (outcome == CUTOVER_RECOVERED_COMPLETED) {
        check_generation(&rivalry, "new");
    } else {
        assert_int_equal(outcome, CUTOVER_RECOVERED_UNDONE);
        check_generation(&rivalry, "old");
    }
    if (meanwhile == HELD)
        continue_beside(shop, &rivalry, zombie, &result);
    else
        continue_after(shop, &rivalry, zombie, meanwhile == COMPLETED, &result);
    assert_int_not_equal(result, CUTOVER_OK);
    check_writable(&rivalry);
    char *state = shop_project_state(shop, rivalry.name);
    assert_string_equal(state, "active");
    free(state);
    rivalry_close(&rivalry);
}

/* Every act of a promotion that others could notice, in their order (D4). */
static void a_promoter_whose_work_was_given_up_changes_nothing(void **state)
{
    static const struct zombie zombies[] = {
        {.stop = "moving restoring"},
        {.stop = "moved restoring"},
        {.stop = "before _production\" SET default_transaction_read_only"},
        {.stop = "before _production\" SET default_transaction_read_only|"},
        {.stop = "before COPY "},
        {.stop = "before CREATE DATABASE \"cutover_verify_", .restore = true},
        {.stop = "before FROM STDIN", .restore = true},
        {.stop = "before CREATE DATABASE \"cutover_stage_"},
        {.stop = "before FROM STDIN"},
        {.stop = NULL},
        {.stop = "before _production\" ALLOW_CONNECTIONS false"},
        {.stop = "before _production\" RENAME TO"},
        {.stop = "before _production\" RENAME TO|COMMIT"},
        {.stop = "after _production\" RENAME TO|COMMIT"},
        {.stop = "before _production\" RESET default_transaction_read_only", .fails = true},
        {.stop = "before DROP DATABASE IF EXISTS \"cutover_stage_", .fails = true},
        {.stop = "moving active", .fails = true},
        {.stop = "moved active", .fails = true},
    };
    struct shop *shop = *state;

    for (size_t i = 0; i < sizeof zombies / sizeof *zombies; i++)
        for (enum meanwhile meanwhile = NOTHING; meanwhile < MEANWHILE_COUNT; meanwhile++)
            if (soak || (seed_takes(i, 2) && (i / 2 + seed_given() / 2) % MEANWHILE_COUNT == meanwhile))
                check_zombie(shop, &zombies[i], meanwhile);
}

/* The same where it is the project's state that is moved, while the next job runs. */
static void a_late_move_of_the_project_is_not_made_under_the_next_job(void **state)
{
    static const struct zombie zombies[] = {
        {.stop = "moving restoring"},
        {.stop = "moved restoring"},
        {.stop = "moving active"},
        {.stop = "moving active", .fails = true},
    };

    for (size_t i = 0; i < sizeof zombies / sizeof *zombies; i++)
        check_zombie(*state, &zombies[i], HELD);
}

static pid_t begin_stopped(struct shop *shop, const char *request, const char *stop)
{
    cutover_status result = CUTOVER_OK;
    pid_t child = race_alone(shop, &(struct racer){.verb = "promote", .request_id = request, .stop = stop});

    if (!race_stopped(child, &result))
        fail_msg("it never came to \"%s\" (%s)", stop, cutover_status_name(result));
    return child;
}

static void check_stops_again(pid_t child)
{
    cutover_status result = CUTOVER_OK;

    kill(child, SIGCONT);
    if (!race_stopped(child, &result))
        fail_msg("it did not stop again (%s)", cutover_status_name(result));
}

static void check_state(struct shop *shop, const char *project, const char *expected)
{
    char *state = shop_project_state(shop, project);

    assert_string_equal(state, expected);
    free(state);
}

static struct recovered recover_now(struct shop *shop, const char *project)
{
    struct recovered recovered = {0};
    cutover_error *error = NULL;

    check_ok(cutover_recover(shop->engine, project, receive_recovery, &recovered, &error), error);
    return recovered;
}

static void check_later_completes(struct shop *shop, const struct rivalry *rivalry)
{
    struct racer racer = {.verb = "promote", .request_id = rivalry->later_request};

    assert_int_equal(race_result(race_alone(shop, &racer)), CUTOVER_OK);
    check_generation(rivalry, "later");
}

/* Between the next job's claim and its own move there is a moment in which the project is still active. */
static void a_job_that_meets_anothers_late_move_is_undone_and_the_move_taken_back(void **state)
{
    struct shop *shop = *state;
    struct rivalry rivalry;

    rivalry_open(&rivalry, shop);
    pid_t zombie = begin_stopped(shop, rivalry.zombie_request, "moving restoring then moved restoring");
    assert_int_equal(recover_late(shop, rivalry.name), CUTOVER_RECOVERED_UNDONE);
    pid_t later = begin_stopped(shop, rivalry.later_request, "moving restoring");
    check_stops_again(zombie);
    kill(later, SIGCONT);
    assert_int_equal(race_result(later), CUTOVER_E_LOCKED);
    check_state(shop, rivalry.name, "restoring");
    kill(zombie, SIGCONT);
    assert_int_equal(race_result(zombie), CUTOVER_E_CONFLICT);
    check_state(shop, rivalry.name, "active");
    check_generation(&rivalry, "old");
    check_writable(&rivalry);
    rivalry_close(&rivalry);
}

static void a_late_move_is_taken_back_though_the_next_job_is_claimed(void **state)
{
    struct shop *shop = *state;
    struct rivalry rivalry;

    rivalry_open(&rivalry, shop);
    pid_t zombie = begin_stopped(shop, rivalry.zombie_request, "moving restoring then moved restoring");
    assert_int_equal(recover_late(shop, rivalry.name), CUTOVER_RECOVERED_UNDONE);
    pid_t later = begin_stopped(shop, rivalry.later_request, "moving restoring");
    check_stops_again(zombie);
    kill(zombie, SIGCONT);
    assert_int_equal(race_result(zombie), CUTOVER_E_CONFLICT);
    check_state(shop, rivalry.name, "active");
    kill(later, SIGCONT);
    assert_int_equal(race_result(later), CUTOVER_OK);
    check_state(shop, rivalry.name, "active");
    check_generation(&rivalry, "later");
    rivalry_close(&rivalry);
}

static void a_project_that_was_moved_too_late_by_a_process_that_died_is_recovered(void **state)
{
    struct shop *shop = *state;
    struct rivalry rivalry;

    rivalry_open(&rivalry, shop);
    pid_t zombie = begin_stopped(shop, rivalry.zombie_request, "moving restoring then moved restoring");
    assert_int_equal(recover_late(shop, rivalry.name), CUTOVER_RECOVERED_UNDONE);
    check_stops_again(zombie);
    race_kill(zombie);
    check_state(shop, rivalry.name, "restoring");
    struct recovered recovered = recover_now(shop, rivalry.name);
    assert_int_equal(recovered.count, 1);
    assert_int_equal(recovered.outcome, CUTOVER_RECOVERED_UNDONE);
    check_state(shop, rivalry.name, "active");
    assert_int_equal(recover_now(shop, rivalry.name).count, 0);
    check_later_completes(shop, &rivalry);
    rivalry_close(&rivalry);
}

/* ---- a promoter that was stopped before its claim, and killed ---- */

/* The last that it asks before it claims: it has the locks on production's server. */
#define BEFORE_CLAIM "preview*3 "

static pid_t begin_before_claim(struct shop *shop, const struct rivalry *rivalry, const char *stop)
{
    pid_t child = begin_stopped(shop, rivalry->zombie_request, stop);
    char *request = shop_request_status(shop, rivalry->zombie_request);

    assert_string_equal(request, "acked");
    /* The project's, and the one of the database that would be overwritten. */
    assert_int_equal(
        cluster_number(cluster, "postgres", "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"), 2);
    /* Nothing is there yet that recovery could take for its own. */
    assert_int_equal(recover_now(shop, rivalry->name).count, 0);
    free(request);
    return child;
}

static void a_promoter_killed_before_its_claim_leaves_nothing(void **state)
{
    struct shop *shop = *state;
    struct rivalry rivalry;

    rivalry_open(&rivalry, shop);
    race_kill(begin_before_claim(shop, &rivalry, BEFORE_CLAIM));
    assert_int_equal(recover_now(shop, rivalry.name).count, 0);
    check_state(shop, rivalry.name, "active");
    check_later_completes(shop, &rivalry);
    rivalry_close(&rivalry);
}

/* However long it was stopped before: the job and what leads recovery to it are one commit. */
static void a_promoter_killed_right_after_its_claim_is_recovered(void **state)
{
    struct shop *shop = *state;
    struct rivalry rivalry;

    rivalry_open(&rivalry, shop);
    pid_t child = begin_before_claim(shop, &rivalry, BEFORE_CLAIM " then moving restoring");
    check_stops_again(child);
    race_kill(child);
    struct recovered recovered = recover_now(shop, rivalry.name);
    assert_int_equal(recovered.count, 1);
    assert_int_equal(recovered.outcome, CUTOVER_RECOVERED_UNDONE);
    char *request = shop_request_status(shop, rivalry.zombie_request);
    assert_string_equal(request, "failed");
    free(request);
    check_state(shop, rivalry.name, "active");
    check_later_completes(shop, &rivalry);
    rivalry_close(&rivalry);
}

/* ---- a conflict that is not recovery's ---- */

static cutover_platform registered;

/* The host is faster with a move of its own. */
static cutover_status set_state_too_late(const char *id, const char *expected, const char *next,
                                         const char *job_id, cutover_error **error, void *userdata)
{
    if (strcmp(next, "restoring") == 0)
        assert_int_equal(registered.project_set_state(id, "active", "moving", NULL, NULL, userdata),
                         CUTOVER_OK);
    return registered.project_set_state(id, expected, next, job_id, error, userdata);
}

static void a_project_that_the_host_moves_away_is_left_where_it_is(void **state)
{
    struct shop *shop = *state;
    char *request = shop_ready(shop, "moved");
    struct shop_promotion promotion = {.request_id = request};
    struct untouched before;
    cutover_error *error = NULL;

    registered = shop->known;
    shop->known.project_set_state = set_state_too_late;
    untouched_look(&before, cluster, "moved_production");
    struct outcome outcome = shop_promote(shop, &promotion);
    assert_int_equal(outcome.status, CUTOVER_E_CONFLICT);
    char *project = shop_project_state(shop, "moved");
    assert_string_equal(project, "moving");
    check_ok(shop->known.project_set_state("moved", "moving", "active", NULL, &error, shop->known.userdata),
             error);
    untouched_check(&before, shop, "moved", request);
    untouched_free(&before);
    outcome_free(&outcome);
    free(project);
    free(request);
}

static void take_displaced_name(struct shop *shop, void *context)
{
    char *json = promotion_json(shop, context);
    struct json_object *record = json_tokener_parse(json);
    char *sql = shop_format("CREATE DATABASE %s",
                            json_object_get_string(json_object_object_get(record, "displaced_name")));

    cluster_sql(cluster, "postgres", sql);
    json_object_put(record);
    free(sql);
    free(json);
}

static void a_swap_that_meets_anothers_database_is_undone_at_once(void **state)
{
    struct shop *shop = *state;
    char *request = shop_ready(shop, "taken");
    struct shop_promotion promotion = {.request_id = request};
    struct untouched before;

    untouched_look(&before, cluster, "taken_production");
    shop->traffic.while_paused = take_displaced_name;
    shop->traffic.context = request;
    struct outcome outcome = shop_promote(shop, &promotion);
    assert_int_equal(outcome.status, CUTOVER_E_CONFLICT);
    untouched_check(&before, shop, "taken", request);
    untouched_free(&before);
    outcome_free(&outcome);
    free(request);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_promoter_whose_work_was_given_up_changes_nothing, shop_setup,
                                        shop_teardown),
        cmocka_unit_test_setup_teardown(a_late_move_of_the_project_is_not_made_under_the_next_job, shop_setup,
                                        shop_teardown),
        cmocka_unit_test_setup_teardown(a_job_that_meets_anothers_late_move_is_undone_and_the_move_taken_back,
                                        shop_setup, shop_teardown),
        cmocka_unit_test_setup_teardown(a_late_move_is_taken_back_though_the_next_job_is_claimed, shop_setup,
                                        shop_teardown),
        cmocka_unit_test_setup_teardown(a_project_that_was_moved_too_late_by_a_process_that_died_is_recovered,
                                        shop_setup, shop_teardown),
        cmocka_unit_test_setup_teardown(a_promoter_killed_before_its_claim_leaves_nothing, shop_setup,
                                        shop_teardown),
        cmocka_unit_test_setup_teardown(a_promoter_killed_right_after_its_claim_is_recovered, shop_setup,
                                        shop_teardown),
        cmocka_unit_test_setup_teardown(a_project_that_the_host_moves_away_is_left_where_it_is, shop_setup,
                                        shop_teardown),
        cmocka_unit_test_setup_teardown(a_swap_that_meets_anothers_database_is_undone_at_once, shop_setup,
                                        shop_teardown),
    };
    int code;

    if (race_is_child(argc, argv, &code))
        return code;
    if (argc == 2)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, start_cluster, stop_cluster);
}
