/* Servers that stop and networks that fail at any step of a promotion, and come back: EDGE_CASES B18, B19, D3, E2, E11,
   E18, G9, G10. */
#include "faults/field.h"
#include "support/seed.h"

#include <string.h>
#include <time.h>

/* Statements in whose moment something is between the server and us that may or may not have happened. */
static const struct moment between[] = {
    {"swap", "COMMIT", true, true},
    {"swap", "COMMIT", false, true},
    {"swap", "RENAME TO", true, false},
    {"swap", "ALLOW_CONNECTIONS false", true, false},
    {"catch_up", "default_transaction_read_only", true, false},
    {"stage", "CREATE DATABASE", true, false},
    {"catch_up", "REPEATABLE READ", true, false},
    {"backup", "COPY ", true, false},
    {"stage", "COPY ", true, false},
    {"catch_up", "COPY ", true, false},
};
#define BETWEEN (sizeof between / sizeof *between)
#define BETWEEN_ON_OUR_THREAD 7

/* With a seed one in four. */
static void at_each_step(struct field *field, const struct blow *blow)
{
    for (size_t i = 0; field_steps[i] != NULL; i++)
        if (seed_takes(i, 4))
            field_strike(field, &(struct moment){.step = field_steps[i]}, blow);
}

/* All of them in a soak; else the swap, and each second one, beginning with the first or the second. */
static void at_some_steps(struct field *field, const struct blow *blow, size_t first)
{
    for (size_t i = 0; field_steps[i] != NULL; i++)
        if (field_soak() || (i + seed_given()) % 2 == first || strcmp(field_steps[i], "swap") == 0)
            field_strike(field, &(struct moment){.step = field_steps[i]}, blow);
}

static void at_each_of(struct field *field, const struct blow *blow, const struct moment *moments, size_t count)
{
    for (size_t i = 0; i < count; i++)
        field_strike(field, &moments[i], blow);
}

/* With a seed one in four, but the two of the swap's COMMIT. */
static void at_each_statement(struct field *field, const struct blow *blow, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (i < 2 || seed_takes(i, 4))
            field_strike(field, &between[i], blow);
}

static void restart_production(struct field *field)
{
    cluster_restart(field->production, "immediate");
}

static void restart_previews(struct field *field)
{
    cluster_restart(field->previews, "immediate");
}

static void server_that_is_stopped_hard_and_comes_back(void **state)
{
    static const struct blow restart = {.name = "production's server restarts", .strike = restart_production};

    at_each_step(*state, &restart);
    at_each_statement(*state, &restart, BETWEEN_ON_OUR_THREAD);
    field_tell(*state, restart.name);
}

static void previews_server_that_is_stopped_hard_and_comes_back(void **state)
{
    static const struct blow restart = {.name = "the preview's server restarts", .strike = restart_previews};
    static const struct moment snapshot_taken = {"stage", "CREATE DATABASE", true, false};

    at_some_steps(*state, &restart, 1);
    /* The preview's snapshot is taken by then. */
    assert_int_equal(field_strike(*state, &snapshot_taken, &restart), ENDING_FAILED);
    field_tell(*state, restart.name);
}

static void cut(struct field *field)
{
    proxy_set(field->road, PROXY_CUT);
}

static void cut_previews(struct field *field)
{
    proxy_set(field->previews_road, PROXY_CUT);
}

static void connection_that_is_cut(void **state)
{
    static const struct blow one = {.name = "production's connections are cut", .strike = cut};
    static const struct blow other = {.name = "the preview's connections are cut", .strike = cut_previews};
    static const struct moment copying = {"stage", "COPY ", true, false};

    static const struct moment early[] = {{"backup", "default_transaction_read_only", true, false},
                                          {.step = "verify"}};
    struct field *field = *state;

    at_each_step(*state, &one);
    at_each_statement(*state, &one, BETWEEN);
    field->fence = CUTOVER_FENCE_EARLY;
    at_each_of(*state, &one, early, sizeof early / sizeof *early);
    field->fence = CUTOVER_FENCE_LATE;
    field_tell(*state, one.name);
    at_some_steps(*state, &other, 1);
    field_strike(*state, &copying, &other);
    field_tell(*state, other.name);
}

static void refuse(struct field *field)
{
    proxy_set(field->road, PROXY_REFUSE);
}

static void refuse_previews(struct field *field)
{
    proxy_set(field->previews_road, PROXY_REFUSE);
}

static void forward(struct field *field)
{
    proxy_set(field->road, PROXY_FORWARD);
    proxy_set(field->previews_road, PROXY_FORWARD);
}

static void network_that_is_gone_until_the_promotion_has_ended(void **state)
{
    static const struct blow one = {.name = "production cannot be reached", .strike = refuse, .heal = forward};
    static const struct blow other = {
        .name = "the preview cannot be reached", .strike = refuse_previews, .heal = forward};

    at_some_steps(*state, &one, 1);
    at_each_statement(*state, &one, BETWEEN);
    field_tell(*state, one.name);
    at_some_steps(*state, &other, 0);
    field_tell(*state, other.name);
}

static void stall(struct field *field)
{
    proxy_set(field->road, PROXY_STALL);
}

static void stall_previews(struct field *field)
{
    proxy_set(field->previews_road, PROXY_STALL);
}

/* Between a tunnel's ends no keepalive is missed: nothing but the cancel ends the wait. */
static void stalled_connection_does_not_keep_a_cancel_waiting(void **state)
{
    static const struct blow one = {
        .name = "production's connections stall", .strike = stall, .heal = forward, .cancelled = true};
    static const struct blow other = {.name = "the preview's connections stall",
                                      .strike = stall_previews,
                                      .heal = forward,
                                      .cancelled = true};
    static const struct moment some[] = {{.step = "lock"},     {.step = "backup"},
                                         {.step = "verify"},   {.step = "check"},
                                         {.step = "catch_up"}, {"stage", "COPY ", true, false}};
    static const struct moment copying = {"stage", "COPY ", true, false};

    if (field_soak()) {
        at_each_step(*state, &one);
        at_each_statement(*state, &one, BETWEEN);
        at_each_step(*state, &other);
    }
    for (size_t i = 0; i < sizeof some / sizeof *some; i++)
        field_strike(*state, &some[i], &one);
    field_strike(*state, &copying, &other);
    field_strike(*state, &(struct moment){.step = "stage"}, &other);
    field_tell(*state, "connections stall");
}

/* Nobody can cancel while production is closed: a limit of its own ends the wait. What was under way on the stalled
   connection arrives when it moves again, and must not swap any more. */
static void stalled_connection_in_the_swap_ends_by_itself(void **state)
{
    static const struct blow stalls = {
        .name = "production's connections stall", .strike = stall, .heal = forward};

    for (size_t i = 0; i < (field_soak() ? 4 : 2); i++)
        field_strike(*state, &between[i], &stalls);
    field_tell(*state, "connections stall in the swap");
}

/* ---- the moment of COMMIT ---- */

static pthread_t watcher;

static void wait_until(struct field *field, const char *sql, long expected)
{
    const struct timespec pause = {0, 5 * 1000 * 1000};

    while (cluster_number(field->production, "postgres", sql) != expected)
        nanosleep(&pause, NULL);
}

static const char displaced_sql[] = "SELECT count(*) FROM pg_database WHERE datname ~ '^cutover_old_'";
static const char wanted_sql[] =
    "SELECT count(*) FROM pg_settings WHERE name = 'synchronous_standby_names' AND setting = '*'";
static const char waits_sql[] = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'";

/* The server hears, commits, and its answer reaches nobody. */
static void lose_answer(struct field *field)
{
    proxy_set(field->road, PROXY_MUTE);
    wait_until(field, displaced_sql, 1);
    proxy_set(field->road, PROXY_CUT);
}

static void answer_to_commit_that_is_lost(void **state)
{
    static const struct blow lost = {.name = "the answer to COMMIT is lost", .strike = lose_answer};
    static const struct moment moment = {"swap", "COMMIT", true, true};

    /* It asks the server, and so it knows. */
    assert_int_equal(field_strike(*state, &moment, &lost), ENDING_COMPLETED);
    field_tell(*state, lost.name);
}

static void *cut_while_it_waits(void *context)
{
    struct field *field = context;

    wait_until(field, waits_sql, 1);
    proxy_set(field->road, PROXY_CUT);
    return NULL;
}

static atomic_bool probe_is_over;

static void *commit_a_probe(void *context)
{
    struct field *field = context;

    cluster_sql(field->production, "postgres",
                "SET synchronous_commit = on; SELECT pg_logical_emit_message(true, 'probe', '')");
    atomic_store(&probe_is_over, true);
    return NULL;
}

/* Whether a commit waits by now; the one that tells is let go. */
static bool a_commit_waits(struct field *field)
{
    static const char let_go_sql[] =
        "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'";
    pthread_t probe;
    bool waits = false;

    atomic_store(&probe_is_over, false);
    assert_int_equal(pthread_create(&probe, NULL, commit_a_probe, field), 0);
    while (!atomic_load(&probe_is_over))
        if (cluster_number(field->production, "postgres", waits_sql) == 1) {
            waits = true;
            cluster_sql(field->production, "postgres", let_go_sql);
        }
    pthread_join(probe, NULL);
    return waits;
}

/* From now on a commit waits for a standby that never comes: it is in the server's log, and nobody sees it. That a setting is
   shown is not enough: commits go by what the checkpointer has made of it (src/backend/replication/syncrep.c). */
static void no_standby(struct field *field)
{
    cluster_sql(field->production, "postgres", "ALTER SYSTEM SET synchronous_standby_names = '*'");
    cluster_sql(field->production, "postgres", "SELECT pg_reload_conf()");
    wait_until(field, wanted_sql, 1);
    while (!a_commit_waits(field))
        ;
    assert_int_equal(pthread_create(&watcher, NULL, cut_while_it_waits, field), 0);
}

static void standby_not_wanted(struct field *field)
{
    pthread_join(watcher, NULL);
    cluster_sql(field->production, "postgres", "ALTER SYSTEM RESET synchronous_standby_names");
    cluster_sql(field->production, "postgres", "SELECT pg_reload_conf()");
    wait_until(field, wanted_sql, 0);
}

/* The old name still has the old OID for everybody who asks, and the swap comes all the same, unless its session is ended
   before the question. */
static void commit_that_is_not_over_when_the_connection_is_lost(void **state)
{
    static const struct blow waits = {
        .name = "COMMIT waits for a standby", .strike = no_standby, .heal = standby_not_wanted};
    static const struct moment moment = {"swap", "COMMIT", false, true};
    struct field *field = *state;

    /* Ours would not wait: this one takes as long as one to a disk that does not answer. */
    proxy_set(field->road, PROXY_WAIT);
    assert_int_equal(field_strike(field, &moment, &waits), ENDING_COMPLETED);
    proxy_set(field->road, PROXY_FORWARD);
    field_tell(field, waits.name);
}

static struct field the_field;

static int open_field(void **state)
{
    /* Commits that nobody asked to be flushed are lost with the server. */
    field_open(&the_field, "max_connections = 100\nsynchronous_commit = off\nwal_writer_delay = 10s");
    *state = &the_field;
    return 0;
}

static int close_field(void **state)
{
    field_close(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(connection_that_is_cut),
        cmocka_unit_test(answer_to_commit_that_is_lost),
        cmocka_unit_test(commit_that_is_not_over_when_the_connection_is_lost),
        cmocka_unit_test(network_that_is_gone_until_the_promotion_has_ended),
        cmocka_unit_test(stalled_connection_does_not_keep_a_cancel_waiting),
        cmocka_unit_test(stalled_connection_in_the_swap_ends_by_itself),
        cmocka_unit_test(server_that_is_stopped_hard_and_comes_back),
        cmocka_unit_test(previews_server_that_is_stopped_hard_and_comes_back),
    };

    cmocka_set_test_filter(getenv("CUTOVER_TEST"));
    return cmocka_run_group_tests(tests, open_field, close_field);
}
