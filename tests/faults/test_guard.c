/*
 * The guarded swap and its undoing on one server, with what happens in between: the advisory lock that is gone, answers that
 * are lost, others that act behind the door. The job's records are real, its steps are left out.
 */
#include "support/check.h"
#include "support/cluster.h"
#include "support/desk.h"
#include "support/session.h"

#include "faults/scripted_libpq.h"

#include "base/record.h"
#include "job/backup_record.h"
#include "job/failover.h"
#include "job/guard.h"
#include "job/report.h"
#include "job/undo.h"
#include "postgres/properties.h"
#include "postgres/swap/advisory.h"
#include "transfer/archive_verify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct cluster *cluster;

/* A promotion right before its swap. */
struct scene {
    struct desk *desk;
    char *request;
    struct operation operation;
    struct project project;
    struct session *control;
    struct report report;
    struct guard guard;
    struct fence_mark mark; /* of what comes in */
    cutover_status proof;
    bool was_taken_over;                         /* when recovery asked for the lock */
    bool door_was_journaled, swap_was_journaled; /* when the door was about to close */
};

static uint32_t oid_of(const char *database)
{
    char sql[256];

    snprintf(sql, sizeof sql,
             "SELECT coalesce(max(oid::text)::bigint, 0) FROM pg_database WHERE datname = '%s'", database);
    return (uint32_t)cluster_number(cluster, "postgres", sql);
}

static bool is_open(const char *database)
{
    char sql[256];

    snprintf(sql, sizeof sql, "SELECT datallowconn::int FROM pg_database WHERE datname = '%s'", database);
    return cluster_number(cluster, "postgres", sql) == 1;
}

static cutover_status prove(void *context, struct session *inside, cutover_error **error)
{
    struct scene *scene = context;

    assert_int_equal(inside->database_oid, scene->desk->journal.record.production_oid);
    return scene->proof == CUTOVER_OK
               ? CUTOVER_OK
               : error_verify(error, CUTOVER_VERDICT_DIFFERENT, "somebody wrote behind the fence");
}

static void record_fill(struct scene *scene, struct promotion_record *fresh)
{
    cutover_error *error = NULL;

    check_ok(record_set_text(&fresh->production_name, "shop", &error), error);
    check_ok(record_set_text(&fresh->staging_name, "cutover_stage_1", &error), error);
    check_ok(record_set_text(&fresh->displaced_name, "cutover_old_1", &error), error);
    check_ok(record_set_text(&fresh->control_database, "postgres", &error), error);
    check_ok(record_set_text(&fresh->system_identifier, scene->control->system_identifier, &error), error);
    fresh->production_oid = oid_of("shop");
    fresh->staging_oid = oid_of("cutover_stage_1");
    fresh->lock_key = advisory_key("shop");
    check_ok(properties_read(scene->control, (uint32_t)fresh->production_oid, &fresh->properties, &error),
             error);
}

/* As database_create() leaves it. */
static void create_ours(const char *name)
{
    char sql[256];

    cluster_create_database(cluster, name);
    snprintf(sql, sizeof sql,
             "REVOKE CONNECT ON DATABASE %s FROM PUBLIC; GRANT CREATE ON DATABASE %s TO PUBLIC", name, name);
    cluster_sql(cluster, "postgres", sql);
}

static void mark_read_of(struct fence_mark *mark, const char *database)
{
    struct session *inside = check_session(cluster_conninfo(cluster, database));
    cutover_error *error = NULL;

    check_ok(fence_mark_read(inside, mark, &error), error);
    session_close(inside);
}

static int scene_open(void **state)
{
    struct scene *scene = calloc(1, sizeof *scene);
    cutover_error *error = NULL;

    cluster_create_database(cluster, "shop");
    create_ours("cutover_stage_1");
    scene->desk = desk_new(cluster_conninfo(cluster, "shop"));
    scene->request = desk_acked(scene->desk);
    scene->control = check_session(cluster_conninfo(cluster, "postgres"));
    check_ok(advisory_lock(scene->control, advisory_key("shop"), &error), error);
    struct promotion_record fresh = desk_promotion(scene->request);
    record_fill(scene, &fresh);
    check_ok(desk_claim(scene->desk, &fresh, &error), error);
    record_free(&promotion_type, &fresh);
    check_ok(journal_occupy(&scene->desk->journal, &error), error);
    desk_step(scene->desk, PROMOTION_HELD);
    check_ok(platform_project(&scene->desk->host->platform, "shop", &scene->project, &error), error);
    mark_read_of(&scene->mark, "cutover_stage_1");
    operation_init(&scene->operation, scene->desk->host, 1, NULL, NULL);
    scene->guard = (struct guard){.operation = &scene->operation,
                                  .project = &scene->project,
                                  .control = scene->control,
                                  .journal = &scene->desk->journal,
                                  .report = &scene->report,
                                  .properties = scene->desk->journal.record.properties,
                                  .incoming = &scene->mark,
                                  .prove = prove,
                                  .context = scene};
    *state = scene;
    return 0;
}

static int scene_close(void **state)
{
    static const char *const names[] = {"shop", "cutover_stage_1", "cutover_old_1", "cutover_verify_1",
                                        "elsewhere"};
    struct scene *scene = *state;

    script_play(NULL);
    session_close(scene->control);
    report_free(&scene->report);
    fence_mark_free(&scene->mark);
    operation_close(&scene->operation);
    project_free(&scene->project);
    desk_free(scene->desk);
    free(scene->request);
    free(scene);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char sql[128];
        snprintf(sql, sizeof sql, "DROP DATABASE IF EXISTS %s WITH (FORCE)", names[i]);
        cluster_sql(cluster, "postgres", sql);
    }
    return 0;
}

static cutover_status swap(struct scene *scene, struct script *script, cutover_error **error)
{
    script_play(script);
    cutover_status status = guard_swap(&scene->guard, error);
    script_play(NULL);
    return status;
}

/* Undoes, as the runner does; production is as it was, and nothing is left. */
static void check_undone(struct scene *scene, bool by_its_session)
{
    uint32_t production = (uint32_t)scene->desk->journal.record.production_oid;
    cutover_error *error = NULL,
                  *reason = cutover_error_new(CUTOVER_E_INTERNAL, "as the test says", NULL, NULL);

    check_ok(undo_job(scene->desk->host, &scene->project, by_its_session ? scene->control : NULL, NULL,
                      &scene->desk->journal, NULL, false, &reason, &error),
             error);
    cutover_error_free(reason);
    assert_int_equal(oid_of("shop"), production);
    assert_true(is_open("shop"));
    assert_int_equal(oid_of("cutover_stage_1"), 0);
    desk_check_request(scene->desk, scene->request, "failed");
    assert_false(desk_has(scene->desk, "lock", "shop"));
}

/* ---- the swap ---- */

static void look_at_the_journal(void *context)
{
    struct scene *scene = context;
    struct journal journal = {0};
    cutover_error *error = NULL;

    check_ok(journal_load(scene->desk->host, scene->desk->journal.record.id, &journal, &error), error);
    scene->door_was_journaled = journal.record.door_closed;
    scene->swap_was_journaled = journal.record.swap_intended;
    journal_free(&journal);
}

static void the_journal_says_what_is_done_before_it_is(void **state)
{
    struct scene *scene = *state;
    struct script at_the_door = {.statement = "*\"shop\" ALLOW_CONNECTIONS false",
                                 .nth = 1,
                                 .before = look_at_the_journal,
                                 .context = scene};
    uint32_t incoming = oid_of("cutover_stage_1");
    cutover_error *error = NULL;

    check_ok(swap(scene, &at_the_door, &error), error);
    assert_true(scene->guard.swapped);
    assert_true(scene->door_was_journaled && scene->swap_was_journaled);
    assert_int_equal(oid_of("shop"), incoming);
    assert_true(is_open("shop"));
}

static void a_job_that_lost_the_advisory_lock_does_not_swap(void **state)
{
    struct scene *scene = *state;
    uint32_t production = oid_of("shop");
    cutover_error *error = NULL;

    check_ok(session_run(scene->control, "SELECT pg_advisory_unlock_all()", &error), error);
    check_status_keep(swap(scene, NULL, &error), CUTOVER_E_LOCKED, error);
    check_contains(cutover_error_message(error), "no longer holds the lock");
    cutover_error_free(error);
    assert_int_equal(oid_of("shop"), production);
    assert_true(is_open("shop"));
    assert_int_equal(scene->desk->journal.record.status, PROMOTION_HELD);
}

static void what_is_not_proved_opens_the_door_again(void **state)
{
    struct scene *scene = *state;
    uint32_t production = oid_of("shop");
    cutover_error *error = NULL;

    scene->proof = CUTOVER_E_VERIFY;
    check_status(swap(scene, NULL, &error), CUTOVER_E_VERIFY, error);
    assert_false(scene->guard.swapped);
    assert_int_equal(oid_of("shop"), production);
    assert_true(is_open("shop"));
    check_undone(scene, true);
}

/* Production's name leads to another database than the journal means (EDGE_CASES E17). */
static void a_connection_string_that_leads_elsewhere_does_not_swap(void **state)
{
    struct scene *scene = *state;
    cutover_error *error = NULL;

    cluster_sql(cluster, "postgres", "ALTER DATABASE shop RENAME TO elsewhere");
    cluster_create_database(cluster, "shop");
    check_status_keep(swap(scene, NULL, &error), CUTOVER_E_STATE, error);
    check_contains(cutover_error_message(error), "another database");
    cutover_error_free(error);
    assert_true(is_open("shop") && is_open("elsewhere"));
    assert_int_equal(scene->desk->journal.record.status, PROMOTION_HELD);
}

static void a_commit_whose_answer_is_lost_is_asked_for(void **state)
{
    struct scene *scene = *state;
    struct script lost = {.statement = "COMMIT", .nth = 1, .answer = ANSWER_LOST};
    uint32_t incoming = oid_of("cutover_stage_1");
    cutover_error *error = NULL;

    check_ok(swap(scene, &lost, &error), error);
    assert_true(scene->guard.swapped);
    assert_false(scene->guard.outcome_unknown);
    assert_int_equal(oid_of("shop"), incoming);
}

static void a_commit_that_was_never_sent_is_asked_for_and_undone(void **state)
{
    struct scene *scene = *state;
    struct script cut = {.statement = "COMMIT", .nth = 1, .answer = ANSWER_CUT};
    cutover_error *error = NULL;

    check_status(swap(scene, &cut, &error), CUTOVER_E_POSTGRES, error);
    assert_false(scene->guard.swapped);
    assert_false(scene->guard.outcome_unknown);
    check_undone(scene, false);
}

static void a_commit_of_which_nobody_can_tell_is_left_to_recovery(void **state)
{
    struct scene *scene = *state;
    struct script cut = {.statement = "COMMIT", .nth = 1, .answer = ANSWER_CUT};
    cutover_error *error = NULL;

    /* The session that asks does not come in. */
    free(scene->project.control_database);
    scene->project.control_database = strdup("not_there");
    check_status_keep(swap(scene, &cut, &error), CUTOVER_E_POSTGRES, error);
    check_contains(cutover_error_message(error), "not known yet");
    cutover_error_free(error);
    assert_false(scene->guard.swapped);
    assert_true(scene->guard.outcome_unknown);
}

/* Its server is another one before it answers again. */
static void let_in(int level, const char *line, void *userdata)
{
    (void)level;
    (void)userdata;
    if (strstr(line, "waiting for it") != NULL)
        cluster_create_database(cluster, "not_there");
}

static void a_commit_of_which_nobody_can_tell_at_first_is_asked_for_later(void **state)
{
    struct scene *scene = *state;
    struct script lost = {.statement = "COMMIT", .nth = 1, .answer = ANSWER_LOST};
    struct host *host = scene->desk->host;
    uint32_t incoming = oid_of("cutover_stage_1");
    cutover_error *error = NULL;

    free(scene->project.control_database);
    scene->project.control_database = strdup("not_there");
    host->failover_wait_ms = FAILOVER_WAIT_MS;
    host->log.write = let_in;
    check_ok(swap(scene, &lost, &error), error);
    host->log.write = NULL;
    assert_true(scene->guard.swapped);
    assert_false(scene->guard.outcome_unknown);
    assert_int_equal(oid_of("shop"), incoming);
    cluster_sql(cluster, "postgres", "DROP DATABASE not_there");
}

/* As a host that calls the project otherwise may, in the moment in which our session is gone: what it does is not our outcome. */
static void a_commit_is_not_asked_for_while_another_host_is_at_work(void **state)
{
    struct scene *scene = *state;
    struct session *other = check_session(cluster_conninfo(cluster, "postgres"));
    struct script cut = {.statement = "COMMIT", .nth = 1, .answer = ANSWER_CUT};
    cutover_error *error = NULL;

    check_ok(advisory_lock(other, advisory_key_of_database("shop"), &error), error);
    check_status_keep(swap(scene, &cut, &error), CUTOVER_E_POSTGRES, error);
    check_contains(cutover_error_message(error), "not known yet");
    cutover_error_free(error);
    assert_true(scene->guard.outcome_unknown);
    session_close(other);
}

/* ---- undoing ---- */

static void a_closed_door_is_opened_by_what_the_journal_says(void **state)
{
    struct scene *scene = *state;
    cutover_error *error = NULL;

    scene->desk->journal.record.door_closed = true;
    check_ok(journal_save(&scene->desk->journal, &error), error);
    cluster_sql(cluster, "postgres", "ALTER DATABASE shop ALLOW_CONNECTIONS false");
    check_undone(scene, true);
    assert_false(scene->desk->journal.record.door_closed);
}

static void a_throwaway_database_is_dropped(void **state)
{
    struct scene *scene = *state;
    cutover_error *error = NULL;

    create_ours("cutover_verify_1");
    check_ok(record_set_text(&scene->desk->journal.record.verify_name, "cutover_verify_1", &error), error);
    check_ok(journal_save(&scene->desk->journal, &error), error);
    check_undone(scene, true);
    assert_int_equal(oid_of("cutover_verify_1"), 0);
}

/* Its making was not journaled: only one that is as the library makes it is dropped, and the login of its name only with it. */
static void a_strangers_database_stays_with_its_login(void **state)
{
    struct scene *scene = *state;
    cutover_error *error = NULL;

    create_ours("cutover_verify_1");
    cluster_sql(cluster, "postgres",
                "CREATE ROLE cutover_verify_1; ALTER DATABASE cutover_verify_1 OWNER TO cutover_verify_1");
    check_ok(record_set_text(&scene->desk->journal.record.verify_name, "cutover_verify_1", &error), error);
    check_ok(journal_save(&scene->desk->journal, &error), error);
    check_undone(scene, true);
    assert_int_not_equal(oid_of("cutover_verify_1"), 0);
    assert_int_equal(
        cluster_number(cluster, "postgres", "SELECT count(*) FROM pg_roles WHERE rolname = 'cutover_verify_1'"),
        1);
    cluster_sql(cluster, "postgres", "DROP DATABASE cutover_verify_1");
    cluster_sql(cluster, "postgres", "DROP ROLE cutover_verify_1");
}

static void check_backup(struct scene *scene, const char *id, enum backup_status status)
{
    struct backup backup = {0};
    cutover_error *error = NULL;

    check_ok(backup_load(scene->desk->host, id, &backup, &error), error);
    assert_int_equal(backup.record.status, status);
    backup_free(&backup);
}

/* A record of a backup that is being taken; its id is malloc'd. */
static char *backup_taking(struct scene *scene, struct lease *lease)
{
    struct backup_record record = {0};
    struct backup backup = {0};
    cutover_error *error = NULL;

    check_ok(record_set_text(&record.project_id, "shop", &error), error);
    check_ok(record_set_text(&record.label, "mine", &error), error);
    check_ok(backup_prepare(scene->desk->host, &record, &error), error);
    if (lease != NULL)
        check_ok(lease_prepare(lease, scene->desk->host, LEASE_BACKUP, record.id, "shop", &error), error);
    check_ok(backup_begin(scene->desk->host, &desk_operator, &record, lease, &backup, &error), error);
    char *id = strdup(backup.record.id);
    backup_free(&backup);
    return id;
}

static void a_backup_that_was_being_taken_is_none(void **state)
{
    struct scene *scene = *state;
    char *id = backup_taking(scene, NULL);
    cutover_error *error = NULL;

    check_ok(record_set_text(&scene->desk->journal.record.backup_id, id, &error), error);
    check_ok(journal_save(&scene->desk->journal, &error), error);
    check_undone(scene, true);
    check_backup(scene, id, BACKUP_FAILED);
    free(id);
}

/* Taken by no promotion: its process ended while it was restored for its verification. */
static void a_backup_by_itself_that_died_leaves_no_throwaway_database(void **state)
{
    struct scene *scene = *state;
    struct lease lease = {0};
    char *id = backup_taking(scene, &lease), name[64];
    cutover_error *error = NULL;

    archive_verify_database_name(name, id);
    create_ours(name);
    lease_end(&lease, true); /* given up to recovery */
    check_ok(cutover_recover(scene->desk->engine, NULL, NULL, NULL, &error), error);
    assert_int_equal(oid_of(name), 0);
    check_backup(scene, id, BACKUP_FAILED);
    free(id);
}

static void a_backup_that_died_after_it_was_to_be_cancelled_is_cancelled(void **state)
{
    struct scene *scene = *state;
    struct lease lease = {0};
    char *id = backup_taking(scene, &lease);
    cutover_error *error = NULL;

    check_ok(cutover_job_cancel(scene->desk->engine, &desk_operator, id, &error), error);
    lease_end(&lease, true);
    check_ok(cutover_recover(scene->desk->engine, NULL, NULL, NULL, &error), error);
    check_backup(scene, id, BACKUP_CANCELLED);
    free(id);
}

struct told {
    cutover_recovered outcome;
    char message[512];
};

static cutover_status note_told(const cutover_recovery *recovery, void *context)
{
    struct told *told = context;

    told->outcome = recovery->outcome;
    snprintf(told->message, sizeof told->message, "%s", recovery->message);
    return CUTOVER_OK;
}

/* The job gives itself up, and is recovered. */
static struct told recovered(struct scene *scene)
{
    struct told told = {.message = ""};
    cutover_error *error = NULL;

    lease_end(&scene->desk->lease, true);
    check_ok(cutover_recover(scene->desk->engine, NULL, note_told, &told, &error), error);
    return told;
}

/* Neither the old database nor the one that was to come in: whatever were undone might be somebody's work. */
static void a_third_database_under_productions_name_is_for_a_person(void **state)
{
    struct scene *scene = *state;
    cutover_error *error = NULL;

    scene->desk->journal.record.swap_intended = true;
    check_ok(journal_step(&scene->desk->journal, PROMOTION_SWAP, &error), error);
    cluster_sql(cluster, "postgres", "ALTER DATABASE shop RENAME TO elsewhere");
    cluster_create_database(cluster, "shop");
    session_close(scene->control);
    struct told told = recovered(scene);
    assert_int_equal(told.outcome, CUTOVER_RECOVERED_FAILED);
    check_contains(told.message, "a person must look");
    assert_int_not_equal(oid_of("cutover_stage_1"), 0);
    desk_check_request(scene->desk, scene->request, "in_progress");
    scene->control = check_session(cluster_conninfo(cluster, "postgres"));
}

static void recovery_ends_the_session_of_a_job_that_may_still_act(void **state)
{
    struct scene *scene = *state;

    assert_true(session_answers(scene->control));
    assert_int_equal(recovered(scene).outcome, CUTOVER_RECOVERED_UNDONE);
    assert_false(session_answers(scene->control));
    desk_check_request(scene->desk, scene->request, "failed");
}

static void look_whether_it_is_taken_over(void *context)
{
    struct scene *scene = context;

    scene->was_taken_over = journal_is_taken_over(&scene->desk->journal);
}

/* Or what its process does after it lost its session would still be written down. */
static void recovery_takes_the_journal_before_it_takes_the_lock(void **state)
{
    struct scene *scene = *state;
    struct script at_the_lock = {.statement = "*pg_try_advisory_lock*",
                                 .nth = 1,
                                 .before = look_whether_it_is_taken_over,
                                 .context = scene};

    assert_false(journal_is_taken_over(&scene->desk->journal));
    script_play(&at_the_lock);
    assert_int_equal(recovered(scene).outcome, CUTOVER_RECOVERED_UNDONE);
    script_play(NULL);
    assert_true(scene->was_taken_over);
}

static void a_job_that_has_ended_is_not_recovered_again(void **state)
{
    struct scene *scene = *state;
    cutover_error *error = NULL;

    check_ok(journal_fail(&scene->desk->journal, false, NULL, &error), error);
    struct told told = recovered(scene);
    assert_int_equal(told.outcome, CUTOVER_RECOVERED_UNDONE);
    assert_string_equal(told.message, "it had ended already");
    assert_int_not_equal(oid_of("cutover_stage_1"), 0);
}

/* Its making was answered after the job had died: the journal has the name alone. */
static void staging_that_is_journaled_by_its_name_alone_is_dropped(void **state)
{
    struct scene *scene = *state;
    cutover_error *error = NULL;

    scene->desk->journal.record.staging_oid = 0;
    check_ok(journal_save(&scene->desk->journal, &error), error);
    check_undone(scene, true);
}

static void what_others_call_like_staging_is_not_dropped(void **state)
{
    struct scene *scene = *state;
    cutover_error *error = NULL;

    cluster_sql(cluster, "postgres", "GRANT CONNECT ON DATABASE cutover_stage_1 TO PUBLIC");
    scene->desk->journal.record.staging_oid = 0;
    check_ok(journal_save(&scene->desk->journal, &error), error);
    check_ok(undo_job(scene->desk->host, &scene->project, scene->control, NULL, &scene->desk->journal, NULL,
                      false, NULL, &error),
             error);
    assert_int_not_equal(oid_of("cutover_stage_1"), 0);
    assert_int_equal(scene->desk->journal.record.status, PROMOTION_FAILED);
}

/* Whichever answer is lost while it is undone: what is left is done the next time. */
static void an_undoing_that_fails_anywhere_is_done_by_the_next(void **state)
{
    struct scene *scene = *state;
    struct script cut = {.nth = 2, .answer = ANSWER_CUT}; /* the first asks whether the session answers */

    scene->desk->journal.record.door_closed = true;
    for (;; cut.nth++) {
        cutover_error *error = NULL;
        script_play(&cut);
        cutover_status status = undo_job(scene->desk->host, &scene->project, scene->control, NULL,
                                         &scene->desk->journal, NULL, false, NULL, &error);
        script_play(NULL);
        cutover_error_free(error);
        session_close(scene->control);
        scene->control = check_session(cluster_conninfo(cluster, "postgres"));
        error = NULL;
        if (status == CUTOVER_OK)
            break;
        check_ok(advisory_lock_wrest(scene->control, advisory_key("shop"), &error), error);
    }
    assert_true(cut.nth > 3);
    assert_true(is_open("shop"));
    assert_int_equal(oid_of("cutover_stage_1"), 0);
    desk_check_request(scene->desk, scene->request, "failed");
}

static int start_server(void **state)
{
    (void)state;
    cluster = cluster_start(NULL);
    return 0;
}

static int stop_server(void **state)
{
    (void)state;
    cluster_stop(cluster);
    return 0;
}

#define test(name) cmocka_unit_test_setup_teardown(name, scene_open, scene_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(the_journal_says_what_is_done_before_it_is),
        test(a_job_that_lost_the_advisory_lock_does_not_swap),
        test(what_is_not_proved_opens_the_door_again),
        test(a_connection_string_that_leads_elsewhere_does_not_swap),
        test(a_commit_whose_answer_is_lost_is_asked_for),
        test(a_commit_that_was_never_sent_is_asked_for_and_undone),
        test(a_commit_of_which_nobody_can_tell_is_left_to_recovery),
        test(a_commit_of_which_nobody_can_tell_at_first_is_asked_for_later),
        test(a_commit_is_not_asked_for_while_another_host_is_at_work),
        test(a_closed_door_is_opened_by_what_the_journal_says),
        test(a_throwaway_database_is_dropped),
        test(a_strangers_database_stays_with_its_login),
        test(a_backup_that_was_being_taken_is_none),
        test(a_backup_by_itself_that_died_leaves_no_throwaway_database),
        test(a_backup_that_died_after_it_was_to_be_cancelled_is_cancelled),
        test(a_third_database_under_productions_name_is_for_a_person),
        test(recovery_ends_the_session_of_a_job_that_may_still_act),
        test(recovery_takes_the_journal_before_it_takes_the_lock),
        test(a_job_that_has_ended_is_not_recovered_again),
        test(staging_that_is_journaled_by_its_name_alone_is_dropped),
        test(what_others_call_like_staging_is_not_dropped),
        test(an_undoing_that_fails_anywhere_is_done_by_the_next),
    };

    return cmocka_run_group_tests_name("guard", tests, start_server, stop_server);
}
