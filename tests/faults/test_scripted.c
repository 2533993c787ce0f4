/*
 * What no server can be made to do, or not at the moment that matters: lost answers, connections that are gone between two
 * statements, answers of a kind that was not asked for, and others that act in between (EDGE_CASES E1, E11, E18).
 */
#include "support/check.h"
#include "support/cluster.h"
#include "support/session.h"

#include "faults/scripted_libpq.h"

#include "base/clock.h"
#include "base/json.h"
#include "postgres/catalog/facts.h"
#include "postgres/check_constraints.h"
#include "postgres/copy.h"
#include "postgres/database.h"
#include "postgres/extension_comments.h"
#include "postgres/largeobject.h"
#include "postgres/properties.h"
#include "postgres/snapshot.h"
#include "postgres/swap/advisory.h"
#include "postgres/swap/door.h"
#include "postgres/swap/fence.h"
#include "postgres/swap/mark.h"
#include "postgres/swap/swap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TIMEOUT_MS 60000

static struct cluster *cluster;
static struct session *control;
static struct swap swap;
static struct json_object *bears; /* production's properties */
static struct text give;          /* the statements that give them to the new one */
static uint32_t content_oid;

static struct session *open_session(const char *database)
{
    return check_session(cluster_conninfo(cluster, database));
}

static uint32_t oid_of(const char *database)
{
    char sql[256];

    snprintf(sql, sizeof sql,
             "SELECT coalesce(max(oid::text)::bigint, 0) FROM pg_database WHERE datname = '%s'", database);
    return (uint32_t)cluster_number(cluster, "postgres", sql);
}

static const char content_sql[] =
    "CREATE TABLE orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, note text, twice bigint "
    "GENERATED ALWAYS AS"
    " (length(note) * 2) STORED);"
    "CREATE FUNCTION known(bigint) RETURNS bool STABLE LANGUAGE sql AS 'SELECT $1 < 1000000';"
    "ALTER TABLE orders ADD CONSTRAINT sane CHECK (known(id)); COMMENT ON CONSTRAINT sane ON orders IS 'sane';"
    "INSERT INTO orders (note) SELECT repeat('x', 100) FROM generate_series(1, 500);"
    "CREATE VIEW short AS SELECT id FROM orders; GRANT SELECT ON orders TO app;"
    "SELECT lo_from_bytea(0, 'bytes'); COMMENT ON EXTENSION plpgsql IS 'ours'";

static int start_server(void **state)
{
    (void)state;
    cluster = cluster_start("max_prepared_transactions = 5\nmax_connections = 40\n");
    cluster_sql(cluster, "postgres", "CREATE ROLE app LOGIN");
    cluster_create_database(cluster, "content");
    cluster_sql(cluster, "content", content_sql);
    cluster_sql(cluster, "postgres",
                "ALTER ROLE app IN DATABASE content SET default_transaction_read_only = off;"
                "GRANT CONNECT ON DATABASE content TO app; COMMENT ON DATABASE content IS 'content'");
    content_oid = oid_of("content");
    control = open_session("postgres");
    return 0;
}

static int stop_server(void **state)
{
    (void)state;
    script_play(NULL);
    session_close(control);
    cluster_stop(cluster);
    return 0;
}

/* A session that a script broke is another one afterwards. */
static void control_again(void)
{
    script_play(NULL);
    control->cancel = NULL;
    if (session_answers(control))
        return;
    session_close(control);
    control = open_session("postgres");
}

static int make_both(void **state)
{
    cutover_error *error = NULL;

    (void)state;
    cluster_create_database(cluster, "shop");
    cluster_create_database(cluster, "cutover_stage_1");
    swap = (struct swap){.production = "shop",
                         .production_oid = oid_of("shop"),
                         .incoming = "cutover_stage_1",
                         .incoming_oid = oid_of("cutover_stage_1"),
                         .displaced = "cutover_old_1"};
    check_ok(properties_read(control, swap.production_oid, &bears, &error), error);
    check_ok(properties_give_sql("cutover_stage_1", NULL, bears, &give, &error), error);
    swap.give_sql = text_string(&give);
    check_ok(door_close(control, "shop", &error), error);
    check_ok(door_close(control, "cutover_stage_1", &error), error);
    check_ok(door_empty(control, swap.production_oid, NULL, 0, false, TIMEOUT_MS, NULL, &error), error);
    check_ok(door_empty(control, swap.incoming_oid, NULL, 0, false, TIMEOUT_MS, NULL, &error), error);
    return 0;
}

static int drop_both(void **state)
{
    static const char *const names[] = {"shop", "cutover_stage_1", "cutover_old_1", "elsewhere"};

    (void)state;
    control_again();
    json_object_put(bears);
    bears = NULL;
    text_free(&give);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char sql[128];
        snprintf(sql, sizeof sql, "DROP DATABASE IF EXISTS %s WITH (FORCE)", names[i]);
        cluster_sql(cluster, "postgres", sql);
    }
    return 0;
}

static enum swap_outcome outcome(void)
{
    enum swap_outcome found = SWAP_LOST;
    cutover_error *error = NULL;

    control_again();
    check_ok(swap_outcome(control, &swap, &found, &error), error);
    return found;
}

/* ---- the swap's COMMIT ---- */

static void a_commit_whose_answer_is_lost_was_sent(void **state)
{
    struct script lost = {.statement = "COMMIT", .nth = 1, .answer = ANSWER_LOST};
    cutover_error *error = NULL;
    bool sent = false;

    (void)state;
    script_play(&lost);
    check_status(swap_run(control, &swap, &sent, &error), CUTOVER_E_POSTGRES, error);
    assert_true(sent);
    assert_int_equal(outcome(), SWAP_DONE);
}

static void a_commit_that_only_ended_the_transaction_is_no_swap(void **state)
{
    struct script undone = {.statement = "COMMIT", .nth = 1, .answer = ANSWER_INSTEAD, .text = "ROLLBACK"};
    cutover_error *error = NULL;
    bool sent = true;

    (void)state;
    script_play(&undone);
    check_status(swap_run(control, &swap, &sent, &error), CUTOVER_E_INTERNAL, error);
    assert_false(sent);
    assert_int_equal(outcome(), SWAP_NOT_DONE);
}

static void ask(void *cancel)
{
    cancel_ask(cancel);
}

static void a_cancel_does_not_take_the_commit_back(void **state)
{
    struct cancel cancel;
    struct script late = {
        .statement = "SET LOCAL statement_timeout = 0", .nth = 1, .before = ask, .context = &cancel};
    struct script later = {.statement = "COMMIT", .nth = 1, .before = ask, .context = &cancel};
    cutover_error *error = NULL;
    bool sent = true;

    (void)state;
    cancel_init(&cancel, NULL);
    control->cancel = &cancel;
    script_play(&late);
    check_status(swap_run(control, &swap, &sent, &error), CUTOVER_E_CANCELLED, error);
    control->cancel = NULL;
    assert_false(sent);
    assert_int_equal(outcome(), SWAP_NOT_DONE);
    cancel_init(&cancel, NULL);
    control->cancel = &cancel;
    script_play(&later);
    check_ok(swap_run(control, &swap, &sent, &error), error);
    control->cancel = NULL;
    assert_int_equal(later.met, 1);
    assert_int_equal(outcome(), SWAP_DONE);
}

/* ---- the swap's attempts ---- */

static void an_attempt_that_ran_out_of_its_time_is_made_again(void **state)
{
    struct script late = {
        .statement = "* RENAME TO *", .nth = 1, .answer = ANSWER_INSTEAD, .text = RAISE("57014")};
    cutover_error *error = NULL;
    bool sent = false;

    (void)state;
    script_play(&late);
    check_ok(swap_run(control, &swap, &sent, &error), error);
    assert_int_equal(late.met, 2);
    assert_int_equal(outcome(), SWAP_DONE);
}

static void an_attempt_that_failed_is_not_made_again(void **state)
{
    struct script failure = {
        .statement = "* RENAME TO *", .nth = 1, .answer = ANSWER_INSTEAD, .text = RAISE("55006")};
    cutover_error *error = NULL;
    bool sent = true;

    (void)state;
    script_play(&failure);
    check_status(swap_run(control, &swap, &sent, &error), CUTOVER_E_POSTGRES, error);
    assert_int_equal(failure.met, 1);
    assert_false(sent);
    assert_int_equal(outcome(), SWAP_NOT_DONE);
}

/* Between the look at the names and the locks of the renames. */
static void replace_production(void *context)
{
    (void)context;
    cluster_sql(cluster, "postgres", "ALTER DATABASE shop RENAME TO elsewhere");
    cluster_create_database(cluster, "shop");
}

static void a_database_that_is_replaced_in_the_last_moment_is_not_displaced(void **state)
{
    struct script meanwhile = {.statement = "* RENAME TO *", .nth = 1, .before = replace_production};
    cutover_error *error = NULL;
    bool sent = true;

    (void)state;
    script_play(&meanwhile);
    check_status_keep(swap_run(control, &swap, &sent, &error), CUTOVER_E_CONFLICT, error);
    check_contains(cutover_error_message(error), "renamed by somebody else");
    cutover_error_free(error);
    assert_false(sent);
    assert_int_equal(outcome(), SWAP_LOST);
    assert_int_equal(oid_of("elsewhere"), swap.production_oid);
}

/* Whichever statement it is that the server is gone at: the swap is done or not, and the server can tell which. */
static void a_server_that_is_gone_inside_of_the_door_leaves_one_or_the_other(void **state)
{
    static const enum answer answers[] = {ANSWER_CUT, ANSWER_LOST};
    unsigned done = 0, undone = 0;

    (void)state;
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        struct script gone = {.nth = 1, .answer = answers[i]};
        for (;; gone.nth++) {
            cutover_error *error = NULL;
            bool sent = false;
            script_play(&gone);
            cutover_status status = swap_run(control, &swap, &sent, &error);
            cutover_error_free(error);
            if (gone.met < gone.nth)
                break;
            assert_int_equal(status, CUTOVER_E_POSTGRES);
            if (outcome() == SWAP_NOT_DONE) {
                undone++;
                continue;
            }
            assert_true(sent);
            done++;
            drop_both(NULL);
            make_both(NULL);
        }
        assert_int_equal(outcome(), SWAP_DONE);
        drop_both(NULL);
        make_both(NULL);
    }
    assert_int_equal(done, 1);
    assert_true(undone > 10);
}

/* ---- the door ---- */

static void come_back(void *context)
{
    PGconn **client = context;

    *client = cluster_connect(cluster, "content");
}

static void clients_that_come_back_are_not_ended_again(void **state)
{
    PGconn *first = cluster_connect(cluster, "content"), *second = NULL;
    struct script meanwhile = {
        .statement = "*pg_terminate_backend*", .nth = 1, .before = come_back, .context = &second};
    cutover_error *error = NULL;
    uint32_t ended = 0;

    (void)state;
    script_play(&meanwhile);
    check_ok(door_empty(control, content_oid, NULL, 0, true, TIMEOUT_MS, &ended, &error), error);
    assert_int_equal(ended, 1);
    assert_non_null(second);
    PGresult *result = PQexec(second, "SELECT 1");
    assert_int_equal(PQresultStatus(result), PGRES_TUPLES_OK);
    PQclear(result);
    result = PQexec(first, "SELECT 1");
    assert_int_equal(PQresultStatus(result), PGRES_FATAL_ERROR);
    PQclear(result);
    PQfinish(first);
    PQfinish(second);
}

/* ---- whatever is asked, and whichever answer is wrong ---- */

/* What goes wrong this time; an act begins it when it has prepared what it needs. */
static struct script *failing;

static void begin(void)
{
    script_play(failing);
}

static void end(void)
{
    script_play(NULL);
}

/* Something that the library does on one session, to be done again and again. */
struct act {
    const char *name;
    const char *database;
    cutover_status (*run)(struct session *session, cutover_error **error);
    bool asks_again; /* in another way, when the server refuses one */
    bool opens;      /* a session of its own */
};

static cutover_status run_fence(struct session *session, cutover_error **error)
{
    struct json_object *plan = NULL;
    uint32_t ended = 0;

    begin();
    cutover_status status = fence_plan(session, content_oid, &plan, error);
    if (status == CUTOVER_OK)
        status = fence_raise(session, "content", content_oid, plan, TIMEOUT_MS, &ended, error);
    if (status == CUTOVER_OK)
        status = fence_lift(session, "content", content_oid, plan, true, error);
    json_object_put(plan);
    return status;
}

static cutover_status run_marks(struct session *session, cutover_error **error)
{
    struct fence_mark mark = {0};
    struct json_object *record = NULL;

    begin();
    cutover_status status = fence_mark_read(session, &mark, error);
    if (status == CUTOVER_OK)
        status = mark_read(session, &record, error);
    fence_mark_free(&mark);
    json_object_put(record);
    return status;
}

static cutover_status run_door(struct session *session, cutover_error **error)
{
    PGconn *client = PQconnectdb(cluster_conninfo(cluster, "content"));
    struct visitors visitors = {NULL, 0};
    char *who = NULL;

    begin();
    cutover_status status = door_visitors(session, content_oid, &visitors, error);
    if (status == CUTOVER_OK)
        status = door_close(session, "content", error);
    if (status == CUTOVER_OK)
        status = door_empty(session, content_oid, NULL, 0, false, TIMEOUT_MS, NULL, error);
    if (status == CUTOVER_OK)
        status = door_inside(session, content_oid, &who, error);
    if (status == CUTOVER_OK)
        status = door_open(session, "content", error);
    end();
    PQfinish(client);
    visitors_free(&visitors);
    free(who);
    return status;
}

/* The server may not have noticed yet that the session of the last round is gone. */
static void hold_lock(struct session *holder, int64_t key)
{
    const struct timespec pause = {0, 10 * 1000 * 1000};
    cutover_error *error = NULL;

    while (advisory_lock(holder, key, &error) == CUTOVER_E_LOCKED) {
        cutover_error_free(error);
        error = NULL;
        nanosleep(&pause, NULL);
    }
    check_ok(cutover_error_code(error), error);
}

static cutover_status run_lock(struct session *session, cutover_error **error)
{
    int64_t key = advisory_key("scripted");
    struct session *holder = open_session("postgres");
    bool held = false;

    hold_lock(holder, key);
    begin();
    cutover_status status = advisory_lock_wrest(session, key, error);
    if (status == CUTOVER_OK)
        status = advisory_lock_held(session, key, &held, error);
    if (status == CUTOVER_OK)
        status = advisory_lock_regain(session, key, holder->backend_pid, error);
    end();
    session_close(holder);
    return status;
}

static cutover_status run_regain(struct session *session, cutover_error **error)
{
    int64_t key = advisory_key("scripted");
    struct session *holder = open_session("postgres");

    hold_lock(holder, key);
    begin();
    cutover_status status = advisory_lock_regain(session, key, holder->backend_pid, error);
    end();
    session_close(holder);
    return status;
}

static cutover_status run_facts(struct session *session, cutover_error **error)
{
    struct text facts = TEXT_INIT;
    struct json_object *extensions = NULL;
    char **roles = NULL;
    size_t count = 0;

    begin();
    cutover_status status = catalog_facts_read(session, &facts, error);
    if (status == CUTOVER_OK)
        status = catalog_extensions(session, &extensions, error);
    if (status == CUTOVER_OK)
        status = catalog_roles(session, &roles, &count, error);
    for (size_t i = 0; i < count; i++)
        free(roles[i]);
    free(roles);
    json_object_put(extensions);
    text_free(&facts);
    return status;
}

static cutover_status run_inventory(struct session *session, cutover_error **error)
{
    struct inventory inventory = {0}, list = {0};
    struct digest digest = DIGEST_INIT;

    begin();
    cutover_status status = session_run(session, "BEGIN", error);
    if (status == CUTOVER_OK)
        status = inventory_list(session, &list, error);
    if (status == CUTOVER_OK)
        status = inventory_read(session, &inventory, error);
    if (status == CUTOVER_OK)
        status = inventory_read_sequences(session, &inventory, error);
    for (size_t i = 0; status == CUTOVER_OK && i < inventory.large_object_count; i++)
        status = largeobject_read(session, inventory.large_objects[i].oid, NULL, NULL, &digest, NULL, error);
    if (status == CUTOVER_OK)
        status = session_run(session, "ROLLBACK", error);
    inventory_free(&inventory);
    inventory_free(&list);
    return status;
}

static cutover_status run_properties(struct session *session, cutover_error **error)
{
    struct json_object *properties = NULL;
    char *name = NULL;
    uint32_t oid = 0;

    begin();
    cutover_status status = properties_read(session, content_oid, &properties, error);
    if (status == CUTOVER_OK)
        status = database_create(session, "cutover_stage_2", properties, &oid, error);
    if (status == CUTOVER_OK)
        status = properties_try(session, "cutover_stage_2", NULL, properties, error);
    if (status == CUTOVER_OK)
        status = properties_grants_clear(session, "cutover_stage_2", error);
    if (status == CUTOVER_OK)
        status = database_name_of(session, oid, &name, error);
    if (status == CUTOVER_OK)
        status = database_drop(session, "cutover_stage_2", oid, error);
    free(name);
    json_object_put(properties);
    end();
    cluster_sql(cluster, "postgres", "DROP DATABASE IF EXISTS cutover_stage_2 WITH (FORCE)");
    return status;
}

static cutover_status run_constraints(struct session *session, cutover_error **error)
{
    struct checks checks = {TEXT_INIT, TEXT_INIT};

    begin();
    cutover_status status = session_run(session, "BEGIN", error);
    if (status == CUTOVER_OK)
        status = checks_set_aside(session, &checks, error);
    if (status == CUTOVER_OK)
        status = checks_put_back(session, &checks, error);
    if (status == CUTOVER_OK)
        status = session_run(session, "ROLLBACK", error);
    checks_free(&checks);
    return status;
}

static cutover_status run_leftovers(struct session *session, cutover_error **error)
{
    char *leftovers = NULL;
    begin();
    cutover_status status = database_leftovers(session, &leftovers, error);

    free(leftovers);
    return status;
}

static cutover_status run_comments(struct session *session, cutover_error **error)
{
    struct session *from = open_session("postgres");
    char *refused = NULL;
    begin();
    cutover_status status = extension_comments_copy(from, session, &refused, error);

    end();
    free(refused);
    session_close(from);
    return status;
}

static cutover_status run_snapshot(struct session *session, cutover_error **error)
{
    struct conninfo conninfo;
    struct session *joined = NULL;
    struct snapshot *snapshot = NULL;

    (void)session;
    cutover_status status =
        conninfo_parse("connection", cluster_conninfo(cluster, "content"), &conninfo, error);
    if (status != CUTOVER_OK)
        return status;
    struct session_options options = {.conninfo = &conninfo};
    begin();
    status = snapshot_open(&options, TIMEOUT_MS, &snapshot, error);
    if (status == CUTOVER_OK)
        status = snapshot_join(snapshot, &options, &joined, error);
    session_close(joined);
    snapshot_close(snapshot);
    conninfo_free(&conninfo);
    return status;
}

static const struct act acts[] = {
    {"fence", "postgres", run_fence, false, false},
    {"marks", "content", run_marks, false, false},
    {"door", "postgres", run_door, false, false},
    {"lock", "postgres", run_lock, false, false},
    {"regain", "postgres", run_regain, false, false},
    {"facts", "content", run_facts, false, false},
    {"inventory", "content", run_inventory, false, false},
    {"properties", "postgres", run_properties, false, true},
    {"constraints", "content", run_constraints, false, false},
    {"leftovers", "content", run_leftovers, false, false},
    {"comments", "content", run_comments, false, false},
    {"snapshot", "content", run_snapshot, true, true},
};

/* Does it with one answer that is wrong; false when it never came to that one. */
static bool fails(const struct act *act, struct script *script)
{
    struct session *session = open_session(act->database);
    cutover_error *error = NULL;

    failing = script;
    cutover_status status = act->run(session, &error);
    end();
    session_close(session);
    if (script->met < script->nth) {
        check_ok(status, error);
        return false;
    }
    if (status == CUTOVER_OK && act->asks_again && script->answer == ANSWER_INSTEAD)
        return true;
    /* A session that is lost while it begins is begun once more from 17 on (postgres/session_open.c). */
    if (status == CUTOVER_OK && act->opens && script->answer == ANSWER_CUT && control->server_version >= 170000)
        return true;
    if (status == CUTOVER_OK)
        fail_msg("%s is well though answer %u was of kind %d", act->name, script->nth, (int)script->answer);
    assert_non_null(error);
    assert_int_equal(cutover_error_code(error), status);
    cutover_error_free(error);
    return true;
}

static void check_each_answer(struct script script)
{
    for (size_t i = 0; i < sizeof acts / sizeof *acts; i++) {
        script.nth = 1;
        while (fails(&acts[i], &script))
            script.nth++;
        assert_true(script.nth > 1);
    }
}

static void every_statement_that_fails_is_a_failure(void **state)
{
    (void)state;
    check_each_answer((struct script){.answer = ANSWER_INSTEAD, .text = RAISE("XX000")});
}

static void every_connection_that_is_gone_is_a_failure(void **state)
{
    (void)state;
    check_each_answer((struct script){.answer = ANSWER_CUT});
}

static void every_answer_of_another_kind_is_a_failure(void **state)
{
    (void)state;
    check_each_answer((struct script){.answer = ANSWER_UNEXPECTED});
}

static void every_answer_that_does_not_come_is_a_failure(void **state)
{
    (void)state;
    check_each_answer((struct script){.answer = ANSWER_NOTHING});
}

/* ---- rows ---- */

static struct table orders_of(struct session *session, struct inventory *inventory)
{
    cutover_error *error = NULL;

    check_ok(inventory_read(session, inventory, &error), error);
    return *inventory_find(inventory, "public", "orders");
}

static void rows_that_stop_coming_are_no_table(void **state)
{
    static const enum copy_form forms[] = {COPY_TEXT, COPY_TEXT_GENERATED, COPY_BINARY};
    static const unsigned places[] = {0, 1, 250, 499, 500};

    (void)state;
    for (size_t i = 0; i < 3 * sizeof places / sizeof *places; i++) {
        struct script gone = {
            .statement = "COPY *", .nth = 1, .answer = ANSWER_CUT_IN_COPY, .rows = places[i / 3]};
        struct session *session = open_session("content");
        struct inventory inventory = {0};
        struct digest digest = DIGEST_INIT;
        cutover_error *error = NULL;
        struct table table = orders_of(session, &inventory);
        cutover_status status;

        /* So much that what was sent before the end does not lie here already. */
        check_ok(session_run(session, "BEGIN; UPDATE public.orders SET note = repeat('y', 20000)", &error),
                 error);
        script_play(&gone);
        status = copy_digest(session, &table, (struct page_range){0, 0}, forms[i % 3], &digest, &error);
        script_play(NULL);
        assert_int_equal(gone.met, 1);
        if (places[i / 3] < 400)
            check_status_keep(status, CUTOVER_E_POSTGRES, error);
        else
            assert_true(status == CUTOVER_E_POSTGRES || digest.rows == 500);
        cutover_error_free(error);
        inventory_free(&inventory);
        session_close(session);
    }
}

static void rows_that_cannot_be_sent_are_a_failure(void **state)
{
    static const char row[] = "a row of some length, so that a few of them are more than is sent at once\n";

    (void)state;
    for (unsigned place = 0; place < 5; place++) {
        struct script gone = {.statement = "COPY *", .nth = 1, .answer = ANSWER_CUT_IN_COPY, .rows = place};
        struct session *session = open_session("content");
        struct copy_in copy;
        cutover_error *error = NULL;

        check_ok(session_run(session, "CREATE TEMP TABLE sent (line text)", &error), error);
        script_play(&gone);
        cutover_status status =
            copy_in_open(&copy, session, "pg_temp.sent", "(line)", "sent", false, false, &error);
        for (unsigned i = 0; status == CUTOVER_OK && i < 5000; i++)
            status = copy_in_put(&copy, row, sizeof row - 1, 1, &error);
        if (status == CUTOVER_OK)
            status = copy_in_finish(&copy, &error);
        else
            copy_in_abort(&copy);
        script_play(NULL);
        check_status(status, CUTOVER_E_POSTGRES, error);
        session_close(session);
    }
}

/* A server that takes no rows: a trigger of the table waits for a lock that another has. */
static struct session *stuck_copy(struct session *holder, struct copy_in *copy)
{
    struct session *session = open_session("content");
    cutover_error *error = NULL;

    check_ok(session_run(holder, "SELECT pg_advisory_lock(4711)", &error), error);
    check_ok(
        session_run(session,
                    "CREATE TEMP TABLE sent (line text);"
                    "CREATE FUNCTION pg_temp.waits() RETURNS trigger LANGUAGE plpgsql AS"
                    " 'BEGIN PERFORM pg_advisory_xact_lock(4711); RETURN NEW; END';"
                    "CREATE TRIGGER waits BEFORE INSERT ON sent FOR EACH ROW EXECUTE FUNCTION pg_temp.waits()",
                    &error),
        error);
    check_ok(copy_in_open(copy, session, "pg_temp.sent", "(line)", "sent", false, false, &error), error);
    return session;
}

/* More than lies between us and a server that does not read. */
static cutover_status put_much(struct copy_in *copy, cutover_error **error)
{
    static const char row[] = "a row of some length, so that a few of them are more than is sent at once\n";
    cutover_status status = CUTOVER_OK;

    for (unsigned i = 0; status == CUTOVER_OK && i < 200000; i++)
        status = copy_in_put(copy, row, sizeof row - 1, 1, error);
    return status;
}

static void rows_that_the_server_does_not_take_are_waited_for_up_to_the_deadline(void **state)
{
    struct session *holder = open_session("content");
    struct copy_in copy;
    struct session *session = stuck_copy(holder, &copy);
    cutover_error *error = NULL;

    (void)state;
    session->deadline_us = monotonic_us() + 300 * 1000;
    check_status_keep(put_much(&copy, &error), CUTOVER_E_POSTGRES, error);
    assert_non_null(error);
    cutover_error_free(error);
    copy_in_abort(&copy);
    session_close(session);
    session_close(holder);
}

static void a_server_that_ends_the_session_while_rows_are_waited_for_says_why(void **state)
{
    struct session *holder = open_session("content");
    struct copy_in copy;
    struct session *session = stuck_copy(holder, &copy);
    cutover_error *error = NULL;
    char sql[64];

    (void)state;
    /* With one row at the server, which waits. */
    for (unsigned i = 0; i < 2000; i++)
        check_ok(copy_in_put(&copy, "a row of some length, so that it is sent soon\n", 46, 1, &error), error);
    snprintf(sql, sizeof sql, "SELECT pg_terminate_backend(%d, 10000)", session->backend_pid);
    check_ok(session_run(holder, sql, &error), error);
    check_status_keep(put_much(&copy, &error), CUTOVER_E_POSTGRES, error);
    check_contains(cutover_error_message(error), "terminating connection");
    cutover_error_free(error);
    copy_in_abort(&copy);
    session_close(session);
    session_close(holder);
}

/* ---- who is inside ---- */

static void many_inside_are_named_up_to_ten(void **state)
{
    PGconn *clients[12];
    char conninfo[512], *who = NULL;
    cutover_error *error = NULL;

    (void)state;
    snprintf(conninfo, sizeof conninfo, "%s application_name=till", cluster_conninfo(cluster, "content"));
    for (size_t i = 0; i < 12; i++)
        clients[i] = PQconnectdb(conninfo);
    check_ok(door_inside(control, content_oid, &who, &error), error);
    check_contains(who, "application till");
    check_contains(who, " more");
    free(who);
    check_ok(door_empty(control, content_oid, NULL, 0, true, TIMEOUT_MS, NULL, &error), error);
    for (size_t i = 0; i < 12; i++)
        PQfinish(clients[i]);
}

/* A script lies on the stack of the test that plays it. */
static int end_script(void **state)
{
    (void)state;
    script_play(NULL);
    return 0;
}

#define plain_test(name) cmocka_unit_test_teardown(name, end_script)
#define swap_test(name) cmocka_unit_test_setup_teardown(name, make_both, drop_both)

int main(void)
{
    const struct CMUnitTest tests[] = {
        swap_test(a_commit_whose_answer_is_lost_was_sent),
        swap_test(a_commit_that_only_ended_the_transaction_is_no_swap),
        swap_test(a_cancel_does_not_take_the_commit_back),
        swap_test(an_attempt_that_ran_out_of_its_time_is_made_again),
        swap_test(an_attempt_that_failed_is_not_made_again),
        swap_test(a_database_that_is_replaced_in_the_last_moment_is_not_displaced),
        swap_test(a_server_that_is_gone_inside_of_the_door_leaves_one_or_the_other),
        plain_test(clients_that_come_back_are_not_ended_again),
        plain_test(every_statement_that_fails_is_a_failure),
        plain_test(every_connection_that_is_gone_is_a_failure),
        plain_test(every_answer_of_another_kind_is_a_failure),
        plain_test(every_answer_that_does_not_come_is_a_failure),
        plain_test(rows_that_stop_coming_are_no_table),
        plain_test(rows_that_cannot_be_sent_are_a_failure),
        plain_test(rows_that_the_server_does_not_take_are_waited_for_up_to_the_deadline),
        plain_test(a_server_that_ends_the_session_while_rows_are_waited_for_says_why),
        plain_test(many_inside_are_named_up_to_ten),
    };

    return cmocka_run_group_tests_name("scripted", tests, start_server, stop_server);
}
