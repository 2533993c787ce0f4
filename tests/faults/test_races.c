/* Races between processes: EDGE_CASES D2, D3, D4, E17, E18. */
#include "faults/race.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define RACERS 16
#define HOUR (3600 * SHOP_SECOND)

static struct cluster *cluster;
static bool soak;

static int start_cluster(void **state)
{
    (void)state;
    soak = getenv("CUTOVER_SOAK") != NULL;
    cluster = cluster_start("max_connections = 200");
    return 0;
}

static int stop_cluster(void **state)
{
    (void)state;
    cluster_stop(cluster);
    return 0;
}

static int open_shop(void **state)
{
    struct shop *shop = calloc(1, sizeof *shop);

    assert_non_null(shop);
    shop_open(shop, cluster, NULL);
    *state = shop;
    return 0;
}

static int close_shop(void **state)
{
    shop_close(*state);
    free(*state);
    shop_check_server(cluster);
    return 0;
}

/* ---- one request, many processes ---- */

static void racing_project(struct shop *shop, const char *name)
{
    char *production = shop_format("%s_production", name);
    char *preview = shop_format("%s_preview", name);

    shop_database(cluster, production, shop_production_sql());
    shop_database(cluster, preview, shop_preview_sql());
    shop_project(shop, name, cluster_conninfo(cluster, production));
    shop_preview(shop, name, name, cluster_conninfo(cluster, preview), 0);
    free(production);
    free(preview);
}

struct tally {
    unsigned ack, reject, cancel, promote;
};

static void count_result(struct tally *tally, const char *verb, cutover_status result)
{
    if (result == CUTOVER_OK) {
        tally->ack += strcmp(verb, "ack") == 0;
        tally->reject += strcmp(verb, "reject") == 0;
        tally->cancel += strcmp(verb, "cancel") == 0;
        tally->promote += strcmp(verb, "promote") == 0;
    } else if (result == CUTOVER_E_LOCKED || result == CUTOVER_E_PREFLIGHT) {
        /* Preflight's sessions, too, are ended by the fence of whoever was faster. */
        assert_string_equal(verb, "promote");
    } else {
        assert_int_equal(result, CUTOVER_E_STATE);
    }
}

/* What happened is told by the records, and nothing else is. */
static void check_told(struct shop *shop, const char *name, const char *request, const struct tally *tally,
                       bool acked_before, size_t audit_before)
{
    char *audit = shop_audit(shop, name);
    char *status = shop_request_status(shop, request);
    char *state = shop_project_state(shop, name);

    assert_int_equal(tally->reject + tally->cancel + tally->promote, 1);
    assert_true(tally->ack <= (acked_before ? 0 : 1));
    assert_true(tally->promote == 0 || tally->ack == 1 || acked_before);
    char *expected =
        shop_format("cutover.requested%s %s", tally->ack == 1 || acked_before ? " cutover.acked" : "",
                    tally->reject == 1   ? "cutover.rejected"
                    : tally->cancel == 1 ? "cutover.cancelled"
                                         : "cutover.promote_started production_overwrite_restore");
    assert_string_equal(audit + audit_before, expected);
    assert_string_equal(status, tally->reject == 1   ? "rejected"
                                : tally->cancel == 1 ? "cancelled"
                                                     : "completed");
    assert_string_equal(state, "active");
    free(audit);
    free(status);
    free(state);
    free(expected);
}

/* `verbs` is NULL-terminated and repeated until there are enough racers. */
static void race_for_one_request(struct shop *shop, const char *name, const char *const *verbs, bool acked,
                                 unsigned seed, struct tally *all)
{
    char *audit = shop_audit(shop, name);
    size_t before = strlen(audit) == 0 ? 0 : strlen(audit) + 1;
    char *request = acked ? shop_acked(shop, name, name) : shop_request(shop, name, name);
    const char *verb_of[RACERS];
    struct tally tally = {0};
    pid_t children[RACERS];
    struct race race;

    race_open(&race, shop);
    for (size_t i = 0, at = 0; i < RACERS; i++) {
        verb_of[i] = verbs[at++];
        at = verbs[at] == NULL ? 0 : at;
        /* Promoters look at both servers first: the others wait about as long, or not. */
        unsigned delay = strcmp(verb_of[i], "promote") == 0 || strcmp(verb_of[i], "ack") == 0
                             ? 0
                             : (unsigned)rand_r(&seed) % (acked ? 6000000 : 1000000);
        children[i] =
            race_enter(&race, &(struct racer){.verb = verb_of[i], .request_id = request, .delay_us = delay});
    }
    race_go(&race);
    for (size_t i = 0; i < RACERS; i++)
        count_result(&tally, verb_of[i], race_result(children[i]));
    check_told(shop, name, request, &tally, acked, before);
    all->reject += tally.reject;
    all->cancel += tally.cancel;
    all->promote += tally.promote;
    free(request);
    free(audit);
}

static void one_request_has_one_outcome_among_sixteen_processes(void **state)
{
    static const char *const all_verbs[] = {"ack", "reject", "cancel", "promote", NULL};
    static const char *const few_ends[] = {"ack",     "promote", "promote", "promote", "promote", "promote",
                                           "promote", "promote", "ack",     "promote", "promote", "promote",
                                           "promote", "promote", "cancel",  "reject",  NULL};
    struct shop *shop = *state;
    struct tally all = {0};

    racing_project(shop, "one");
    for (unsigned round = 0; round < (soak ? 60 : 6); round++)
        race_for_one_request(shop, "one", round % 2 == 0 ? all_verbs : few_ends, round % 2 == 1, round + 1,
                             &all);
    print_message("outcomes: %u rejected, %u cancelled, %u promoted\n", all.reject, all.cancel, all.promote);
}

static void sixteen_promoters_of_one_request_promote_it_once(void **state)
{
    static const char *const promote[] = {"promote", NULL};
    struct shop *shop = *state;
    struct tally all = {0};

    racing_project(shop, "sixteen");
    for (unsigned round = 0; round < (soak ? 20 : 2); round++)
        race_for_one_request(shop, "sixteen", promote, true, round, &all);
    assert_int_equal(all.promote, soak ? 20 : 2);
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

/* With a clock on which the lease has run out. */
static cutover_recovered recover_late(struct shop *shop, const char *project)
{
    struct recovered recovered = {0};
    cutover_error *error = NULL;

    shop->clock_shift_us = HOUR;
    check_ok(cutover_recover(shop->engine, project, receive_recovery, &recovered, &error), error);
    shop->clock_shift_us = 0;
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
    pid_t later = race_alone(
        shop, &(struct racer){.verb = "promote", .request_id = rivalry->later_request, .hold = true});

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
            if (soak || i % MEANWHILE_COUNT == meanwhile)
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

static struct recovered recover_at(struct shop *shop, const char *project, int64_t shift_us)
{
    struct recovered recovered = {0};
    cutover_error *error = NULL;

    shop->clock_shift_us = shift_us;
    check_ok(cutover_recover(shop->engine, project, receive_recovery, &recovered, &error), error);
    shop->clock_shift_us = 0;
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
    struct recovered recovered = recover_at(shop, rivalry.name, 0);
    assert_int_equal(recovered.count, 1);
    assert_int_equal(recovered.outcome, CUTOVER_RECOVERED_UNDONE);
    check_state(shop, rivalry.name, "active");
    assert_int_equal(recover_at(shop, rivalry.name, 0).count, 0);
    check_later_completes(shop, &rivalry);
    rivalry_close(&rivalry);
}

/* ---- a promoter that was stopped before its claim, and killed ---- */

/* The last that it asks before it claims: it has the lock on production's server. */
#define BEFORE_CLAIM "preview*3 "

static pid_t begin_before_claim(struct shop *shop, const struct rivalry *rivalry, const char *stop)
{
    pid_t child = begin_stopped(shop, rivalry->zombie_request, stop);
    char *request = shop_request_status(shop, rivalry->zombie_request);

    assert_string_equal(request, "acked");
    assert_int_equal(
        cluster_number(cluster, "postgres", "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"), 1);
    /* Nothing is there yet that recovery could take for its own. */
    assert_int_equal(recover_at(shop, rivalry->name, HOUR).count, 0);
    free(request);
    return child;
}

static void a_promoter_killed_before_its_claim_leaves_nothing(void **state)
{
    struct shop *shop = *state;
    struct rivalry rivalry;

    rivalry_open(&rivalry, shop);
    race_kill(begin_before_claim(shop, &rivalry, BEFORE_CLAIM));
    assert_int_equal(recover_at(shop, rivalry.name, 0).count, 0);
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
    struct recovered recovered = recover_at(shop, rivalry.name, 0);
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

/* ---- clients ---- */

#define WRITERS 2
#define READERS 2
#define ATTEMPTS 100000

/* How writers make their transactions writable. */
struct mode {
    const char *name, *session, *transaction;
};

enum { NOT_ACKNOWLEDGED, ACKNOWLEDGED_BY_OLD, ACKNOWLEDGED_BY_NEW };

struct clients {
    char *conninfo;
    struct mode mode;
    atomic_bool writers_over, readers_over;
};

/* One that connects, does one thing and goes, again and again. */
struct client {
    struct clients *clients;
    unsigned number, attempts;
    unsigned char *writes; /* by attempt: who acknowledged it */
    unsigned seen_old, seen_new, seen_mixed;
    pthread_t thread;
};

static void run(PGconn *connection, const char *sql)
{
    if (sql != NULL)
        PQclear(PQexec(connection, sql));
}

/* Each write has an id of its own, and tells which database takes it; it counts when COMMIT was answered. */
static void write_once(struct client *client, PGconn *connection)
{
    const struct mode *mode = &client->clients->mode;
    unsigned attempt = client->attempts++;
    char insert[160];

    snprintf(insert, sizeof insert, "INSERT INTO written VALUES (%u) RETURNING (SELECT name FROM generation)",
             client->number * ATTEMPTS + attempt);
    run(connection, mode->session);
    run(connection, "BEGIN");
    run(connection, mode->transaction);
    PGresult *result = PQexec(connection, insert);
    if (PQresultStatus(result) == PGRES_TUPLES_OK) {
        bool old = strcmp(PQgetvalue(result, 0, 0), "old") == 0;
        PGresult *commit = PQexec(connection, "COMMIT");
        if (PQresultStatus(commit) == PGRES_COMMAND_OK && strcmp(PQcmdStatus(commit), "COMMIT") == 0)
            client->writes[attempt] = old ? ACKNOWLEDGED_BY_OLD : ACKNOWLEDGED_BY_NEW;
        PQclear(commit);
    }
    PQclear(result);
}

/* Marker, tables and rows in one snapshot; and never the old one after the new one. */
static void read_once(struct client *client, PGconn *connection)
{
    run(connection, "BEGIN ISOLATION LEVEL REPEATABLE READ");
    PGresult *result =
        PQexec(connection, "SELECT (SELECT name FROM generation), to_regclass('people') IS NOT NULL,"
                           " to_regclass('customers') IS NOT NULL, (SELECT count(*) FROM orders)");
    if (PQresultStatus(result) == PGRES_TUPLES_OK) {
        char found[64];
        snprintf(found, sizeof found, "%s %s %s %s", PQgetvalue(result, 0, 0), PQgetvalue(result, 0, 1),
                 PQgetvalue(result, 0, 2), PQgetvalue(result, 0, 3));
        if (strcmp(found, "old f t 3000") == 0 && client->seen_new == 0)
            client->seen_old++;
        else if (strcmp(found, "new t f 3500") == 0)
            client->seen_new++;
        else
            client->seen_mixed++;
    } else if (strcmp(PQresultErrorField(result, PG_DIAG_SQLSTATE) != NULL
                          ? PQresultErrorField(result, PG_DIAG_SQLSTATE)
                          : "08006",
                      "42P01") == 0) {
        client->seen_mixed++; /* a table that both have is missing */
    }
    PQclear(result);
}

static void *keep_writing(void *context)
{
    struct client *client = context;

    while (!client->clients->writers_over && client->attempts < ATTEMPTS) {
        PGconn *connection = PQconnectdb(client->clients->conninfo);
        if (PQstatus(connection) == CONNECTION_OK)
            write_once(client, connection);
        PQfinish(connection);
    }
    return NULL;
}

static void *keep_reading(void *context)
{
    struct client *client = context;

    while (!client->clients->readers_over) {
        PGconn *connection = PQconnectdb(client->clients->conninfo);
        if (PQstatus(connection) == CONNECTION_OK)
            read_once(client, connection);
        PQfinish(connection);
    }
    return NULL;
}

/* Every write that the old production acknowledged is in `database`; those of the new one, when told, in `production`. */
static unsigned check_writes(const struct client *client, const char *database, unsigned char by)
{
    PGconn *connection = cluster_connect(cluster, database);
    PGresult *result = PQexec(connection, "SELECT id FROM written");
    bool *there = calloc(ATTEMPTS, sizeof *there);
    unsigned count = 0;

    assert_int_equal(PQresultStatus(result), PGRES_TUPLES_OK);
    assert_non_null(there);
    for (int i = 0; i < PQntuples(result); i++) {
        unsigned id = (unsigned)strtoul(PQgetvalue(result, i, 0), NULL, 10);
        if (id / ATTEMPTS == client->number)
            there[id % ATTEMPTS] = true;
    }
    for (unsigned i = 0; i < client->attempts; i++) {
        if (client->writes[i] != by)
            continue;
        count++;
        if (!there[i])
            fail_msg("write %u of client %u was acknowledged and is not in %s", i, client->number, database);
    }
    free(there);
    PQclear(result);
    PQfinish(connection);
    return count;
}

static int stop_writers(struct shop *shop, void *context)
{
    (void)shop;
    atomic_store((atomic_bool *)context, true);
    return 0;
}

static void restore_backup(const struct outcome *outcome, const char *database)
{
    cluster_create_database(cluster, database);
    shop_run((const char *[]){cluster_program("pg_restore"), "-e", "-d", cluster_conninfo(cluster, database),
                              outcome_text(outcome, "backup_path"), NULL});
}

static void client_databases(struct shop *shop, const char *name, char **request)
{
    const char *const kinds[] = {"production", "preview"};

    *request = shop_ready(shop, name);
    for (size_t i = 0; i < 2; i++) {
        char *database = shop_format("%s_%s", name, kinds[i]);
        cluster_sql(cluster, database,
                    "CREATE TABLE written (id bigint PRIMARY KEY);"
                    "GRANT ALL ON ALL TABLES IN SCHEMA public TO client");
        free(database);
    }
}

static void check_clients(const struct outcome *outcome, const struct client *clients, const char *production)
{
    bool completed = outcome->status == CUTOVER_OK;
    unsigned old = 0, new = 0, reads = 0;

    if (completed)
        restore_backup(outcome, "kept");
    for (size_t i = 0; i < WRITERS; i++) {
        old += check_writes(&clients[i], completed ? "kept" : production, ACKNOWLEDGED_BY_OLD);
        new += check_writes(&clients[i], production, ACKNOWLEDGED_BY_NEW);
    }
    for (size_t i = WRITERS; i < WRITERS + READERS; i++) {
        assert_int_equal(clients[i].seen_mixed, 0);
        assert_true(completed || clients[i].seen_new == 0);
        reads += clients[i].seen_old + clients[i].seen_new;
    }
    assert_true(completed || new == 0);
    if (completed)
        cluster_sql(cluster, "postgres", "DROP DATABASE kept");
    print_message("%s: %u writes to the old, %u to the new, %u reads\n",
                  completed ? "completed" : cutover_error_message(outcome->error), old, new, reads);
}

/* Writers go on until the step begins (NULL: to the end), readers to the end. */
static bool promote_among_clients(struct shop *shop, const struct mode *mode, const char *until)
{
    static unsigned count;
    char *request, *name = shop_format("clients%u", count++), *production = shop_format("%s_production", name);
    struct client client[WRITERS + READERS] = {0};
    struct clients clients = {.mode = *mode};

    client_databases(shop, name, &request);
    clients.conninfo = shop_format("%s", cluster_conninfo_as(cluster, production, "client"));
    for (unsigned i = 0; i < WRITERS + READERS; i++) {
        client[i] = (struct client){.clients = &clients, .number = i, .writes = calloc(ATTEMPTS, 1)};
        assert_non_null(client[i].writes);
        assert_int_equal(
            pthread_create(&client[i].thread, NULL, i < WRITERS ? keep_writing : keep_reading, &client[i]), 0);
    }
    const struct shop_hook hooks[] = {{until, stop_writers, &clients.writers_over}, {NULL, NULL, NULL}};
    struct shop_promotion promotion = {.request_id = request, .hooks = hooks};
    struct outcome outcome = shop_promote(shop, &promotion);
    bool completed = outcome.status == CUTOVER_OK;
    clients.writers_over = clients.readers_over = true;
    for (unsigned i = 0; i < WRITERS + READERS; i++)
        pthread_join(client[i].thread, NULL);
    print_message("%s until %s: ", mode->name, until != NULL ? until : "the end");
    check_clients(&outcome, client, production);
    cluster_sql(cluster, production, "CREATE TABLE can_write (); DROP TABLE can_write");
    for (unsigned i = 0; i < WRITERS + READERS; i++)
        free(client[i].writes);
    outcome_free(&outcome);
    free(clients.conninfo);
    free(production);
    free(request);
    free(name);
    return completed;
}

/* EDGE_CASES D2, D3: the fence is a default that a client may override; the proof finds those that did. */
static void acknowledged_writes_are_kept_and_nobody_sees_a_mix(void **state)
{
    static const struct mode modes[] = {
        {"clients that respect the fence", NULL, NULL},
        {"SET TRANSACTION READ WRITE", NULL, "SET TRANSACTION READ WRITE"},
        {"SET default_transaction_read_only", "SET default_transaction_read_only = off", NULL},
    };
    static const struct {
        unsigned mode;
        const char *until; /* the step at whose begin writers stop */
    } rounds[] = {
        {0, NULL},
        {1, "backup"},
        {2, "verify"},
        {1, NULL},
        {2, "backup"},
        /* More of it, when there is time. */
        {1, "verify"},
        {1, "stage"},
        {1, "swap"},
        {2, NULL},
        {2, "stage"},
        {2, "check"},
        {0, "swap"},
    };
    struct shop *shop = *state;
    unsigned completed = 0, failed = 0;

    cluster_sql(cluster, "postgres", "CREATE ROLE client LOGIN");
    for (size_t i = 0; i < (soak ? 120 : 5); i++) {
        size_t at = i % (sizeof rounds / sizeof *rounds);
        if (promote_among_clients(shop, &modes[rounds[at].mode], rounds[at].until))
            completed++;
        else
            failed++;
    }
    print_message("%u completed, %u failed\n", completed, failed);
    assert_true(completed > 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_request_has_one_outcome_among_sixteen_processes, open_shop,
                                        close_shop),
        cmocka_unit_test_setup_teardown(sixteen_promoters_of_one_request_promote_it_once, open_shop,
                                        close_shop),
        cmocka_unit_test_setup_teardown(a_promoter_whose_work_was_given_up_changes_nothing, open_shop,
                                        close_shop),
        cmocka_unit_test_setup_teardown(a_late_move_of_the_project_is_not_made_under_the_next_job, open_shop,
                                        close_shop),
        cmocka_unit_test_setup_teardown(a_job_that_meets_anothers_late_move_is_undone_and_the_move_taken_back,
                                        open_shop, close_shop),
        cmocka_unit_test_setup_teardown(a_late_move_is_taken_back_though_the_next_job_is_claimed, open_shop,
                                        close_shop),
        cmocka_unit_test_setup_teardown(a_project_that_was_moved_too_late_by_a_process_that_died_is_recovered,
                                        open_shop, close_shop),
        cmocka_unit_test_setup_teardown(a_promoter_killed_before_its_claim_leaves_nothing, open_shop,
                                        close_shop),
        cmocka_unit_test_setup_teardown(a_promoter_killed_right_after_its_claim_is_recovered, open_shop,
                                        close_shop),
        cmocka_unit_test_setup_teardown(a_project_that_the_host_moves_away_is_left_where_it_is, open_shop,
                                        close_shop),
        cmocka_unit_test_setup_teardown(a_swap_that_meets_anothers_database_is_undone_at_once, open_shop,
                                        close_shop),
        cmocka_unit_test_setup_teardown(acknowledged_writes_are_kept_and_nobody_sees_a_mix, open_shop,
                                        close_shop),
    };
    int code;

    if (race_is_child(argc, argv, &code))
        return code;
    if (argc == 2)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, start_cluster, stop_cluster);
}
