#include "support/check.h"

#include "base/id.h"
#include "base/process_identity.h"
#include "base/wait.h"
#include "job/lease_watch.h"
#include "store/ledger.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * A lease as its holder keeps it and as others judge it. Two hosts share a store; each has clocks of its own, which a test sets:
 * no test waits for time to pass, but for beats that take a millisecond here.
 */

#define SECOND INT64_C(1000000)
#define HOUR (3600 * SECOND)
#define NOW INT64_C(1795334175123456)
#define FAR_AWAY "11111111-2222-3333-4444-555555555555 pid:[1] 1 1"

struct machine {
    struct host host;
    _Atomic int64_t now, monotonic;
};

struct world {
    cutover_store inner;
    struct machine holder, observer;
    struct cancel cancel;
    struct lease lease;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    unsigned beats; /* commits of the lease since it was kept */
    bool fails, answer_lost;
    void (*in_commit)(struct world *world); /* called by the next beat, once */
    bool explained;
};

static int64_t machine_now(void *userdata)
{
    return ((struct machine *)userdata)->now;
}

static int64_t machine_monotonic(void *userdata)
{
    return ((struct machine *)userdata)->monotonic;
}

static cutover_status world_get(const char *kind, const char *id, cutover_document_emit emit, void *context,
                                cutover_error **error, void *userdata)
{
    struct world *world = userdata;

    return world->inner.get(kind, id, emit, context, error, world->inner.userdata);
}

static cutover_status world_list(const char *kind, const char *project_id, const char *after_id, uint32_t limit,
                                 cutover_document_emit emit, void *context, cutover_error **error,
                                 void *userdata)
{
    struct world *world = userdata;

    return world->inner.list(kind, project_id, after_id, limit, emit, context, error, world->inner.userdata);
}

static cutover_status commit_failed(const char *message, cutover_error **error)
{
    *error = cutover_error_new(CUTOVER_E_STORE, message, NULL, NULL);
    return CUTOVER_E_STORE;
}

static cutover_status world_commit(const cutover_write *const *writes, size_t count, cutover_error **error,
                                   void *userdata)
{
    struct world *world = userdata;

    pthread_mutex_lock(&world->mutex);
    void (*in_commit)(struct world * world) = world->in_commit;
    bool fails = world->fails, answer_lost = world->answer_lost;
    world->in_commit = NULL;
    world->answer_lost = false;
    pthread_mutex_unlock(&world->mutex);
    if (in_commit != NULL)
        in_commit(world);
    cutover_status status = fails ? commit_failed("the store is busy", error)
                                  : world->inner.commit(writes, count, error, world->inner.userdata);
    if (status == CUTOVER_OK && answer_lost)
        status = commit_failed("the answer was lost", error);
    pthread_mutex_lock(&world->mutex);
    world->beats++;
    pthread_cond_broadcast(&world->changed);
    pthread_mutex_unlock(&world->mutex);
    return status;
}

static void machine_open(struct machine *machine, struct world *world)
{
    struct host *host = &machine->host;

    machine->now = NOW;
    machine->monotonic = 0;
    host->store = world->inner;
    host->store.get = world_get;
    host->store.list = world_list;
    host->store.commit = world_commit;
    host->store.userdata = world;
    host->clock = (struct clock){machine_now, machine, machine_monotonic};
    pthread_mutex_init(&host->log.mutex, NULL);
    host->leases = lease_watch_new();
    assert_non_null(host->leases);
}

static void machine_close(struct machine *machine)
{
    lease_watch_free(machine->host.leases);
    pthread_mutex_destroy(&machine->host.log.mutex);
}

static int open_world(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    cutover_error *error = NULL;

    assert_non_null(world);
    world->inner = (cutover_store)CUTOVER_STORE_INIT;
    check_ok(cutover_store_memory_open(&world->inner, &error), error);
    pthread_mutex_init(&world->mutex, NULL);
    assert_int_equal(wait_init(&world->changed), 0);
    cancel_init(&world->cancel, NULL);
    machine_open(&world->holder, world);
    machine_open(&world->observer, world);
    *state = world;
    return 0;
}

static int close_world(void **state)
{
    struct world *world = *state;

    lease_end(&world->lease, false);
    machine_close(&world->holder);
    machine_close(&world->observer);
    pthread_cond_destroy(&world->changed);
    pthread_mutex_destroy(&world->mutex);
    cutover_store_close(&world->inner);
    free(world);
    return 0;
}

/* ---- a job's lease ---- */

/* What a commit that makes a job does of its lease. */
static void lease_commit(struct world *world, const char *job_id)
{
    struct host *host = &world->holder.host;
    struct change *change = NULL;
    cutover_error *error = NULL;

    check_ok(lease_prepare(&world->lease, host, LEASE_PROMOTION, job_id, "shop", &error), error);
    check_ok(change_begin(&host->store, &host->clock, "shop", &change, &error), error);
    check_ok(lease_put(&world->lease, change, &error), error);
    check_ok(change_commit(change, &error), error);
    change_free(change);
}

/* The thread is kept from its beats until lease_beats(). */
static void lease_begin(struct world *world, const char *job_id)
{
    lease_commit(world, job_id);
    world->lease.beat_us = 1000;
}

static void lease_beats(struct world *world)
{
    cutover_error *error = NULL;

    world->beats = 0;
    check_ok(lease_keep(&world->lease, &world->cancel, NULL, &error), error);
}

/* Until so many more beats were tried. */
static void await_beats(struct world *world, unsigned more)
{
    int64_t deadline = monotonic_us() + 60 * SECOND;

    pthread_mutex_lock(&world->mutex);
    unsigned until = world->beats + more;
    while (world->beats < until && wait_until(&world->changed, &world->mutex, deadline))
        ;
    unsigned beats = world->beats;
    pthread_mutex_unlock(&world->mutex);
    assert_true(beats >= until);
}

/* Whether it comes: a thread that knows its lease to be lost asks for it next, and then ends. */
static bool cancel_comes(struct world *world)
{
    int64_t deadline = monotonic_us() + 60 * SECOND;
    const struct timespec pause = {0, 1000000};
    bool lost = false;

    while (!cancel_asked(&world->cancel) && monotonic_us() < deadline) {
        if (!lost && atomic_load(&world->lease.lost)) {
            lost = true;
            deadline = monotonic_us() + 5 * SECOND;
        }
        nanosleep(&pause, NULL);
    }
    return cancel_asked(&world->cancel);
}

/* Makes the holder one of another machine, of which nothing can be known but what it writes. */
static void lease_move_far_away(struct world *world)
{
    cutover_error *error = NULL;

    check_ok(record_set_text(&world->lease.record.owner, FAR_AWAY, &error), error);
}

struct seen {
    unsigned count;
    bool dead;
    int64_t silent_us;
    uint64_t version;
    struct lease_record record;
    char why[64];
};

static cutover_status keep_sight(void *context, const struct lease_sight *sight, cutover_error **error)
{
    struct seen *seen = context;

    seen->count++;
    seen->dead = sight->dead;
    seen->silent_us = sight->silent_us;
    seen->version = sight->version;
    snprintf(seen->why, sizeof seen->why, "%s", sight->why);
    record_free(&lease_type, &seen->record);
    return record_copy(&lease_type, &sight->record, &seen->record, error);
}

static struct seen look(struct world *world)
{
    struct seen seen = {0};
    cutover_error *error = NULL;

    check_ok(lease_look(&world->observer.host, "shop", keep_sight, &seen, NULL, &error), error);
    return seen;
}

static void seen_free(struct seen *seen)
{
    record_free(&lease_type, &seen->record);
}

static void check_alive(struct world *world, int64_t silent_us)
{
    struct seen seen = look(world);

    assert_int_equal(seen.count, 1);
    assert_false(seen.dead);
    assert_int_equal(seen.silent_us, silent_us);
    seen_free(&seen);
}

static void check_dead(struct world *world, const char *why)
{
    struct seen seen = look(world);

    assert_int_equal(seen.count, 1);
    assert_true(seen.dead);
    check_contains(seen.why, why);
    seen_free(&seen);
}

static void check_none(struct world *world)
{
    struct seen seen = look(world);

    assert_int_equal(seen.count, 0);
}

/* ---- judged by others ---- */

static void a_job_is_dead_after_30_seconds_of_the_observer_s_own(void **state)
{
    struct world *world = *state;

    lease_begin(world, "job");
    check_alive(world, 0);
    world->observer.monotonic = 30 * SECOND - 1;
    check_alive(world, 30 * SECOND - 1);
    world->observer.monotonic = 30 * SECOND;
    check_dead(world, "no sign of life");
}

/* The first look may come long after the last beat: nobody can know how long. */
static void a_silence_begins_when_it_is_first_seen(void **state)
{
    struct world *world = *state;

    lease_begin(world, "job");
    world->observer.monotonic = HOUR;
    check_alive(world, 0);
    world->observer.monotonic += 29 * SECOND;
    check_alive(world, 29 * SECOND);
    world->observer.monotonic += SECOND;
    check_dead(world, "no sign of life");
}

/* It is alive as long as it beats, and dead 30 seconds after. */
static void check_judged_rightly(struct world *world, int64_t ahead)
{
    lease_begin(world, "job");
    lease_move_far_away(world);
    world->observer.now = NOW + ahead;
    lease_beats(world);
    check_alive(world, 0);
    for (int i = 0; i < 20; i++) {
        await_beats(world, 2);
        world->observer.monotonic += 29 * SECOND;
        world->observer.now += 29 * SECOND;
        check_alive(world, -1);
    }
    pthread_mutex_lock(&world->mutex);
    world->fails = true;
    pthread_mutex_unlock(&world->mutex);
    await_beats(world, 2);
    struct seen seen = look(world);
    seen_free(&seen);
    world->observer.monotonic += 30 * SECOND;
    check_dead(world, "no sign of life");
}

static void a_live_job_is_alive_to_one_whose_clock_is_an_hour_ahead(void **state)
{
    check_judged_rightly(*state, HOUR);
}

static void a_live_job_is_alive_to_one_whose_clock_is_an_hour_behind(void **state)
{
    check_judged_rightly(*state, -HOUR);
}

/* A backup that is verified again has a lease of the old name, which begins at version 1 again. */
static void another_lease_of_the_same_job_is_another(void **state)
{
    struct world *world = *state;

    lease_begin(world, "job");
    check_alive(world, 0);
    lease_beats(world);
    lease_end(&world->lease, false);
    lease_begin(world, "job");
    world->observer.monotonic = 40 * SECOND;
    check_alive(world, -1);
}

static void what_is_gone_from_the_store_is_forgotten(void **state)
{
    struct world *world = *state;

    lease_begin(world, "job");
    check_alive(world, 0);
    lease_beats(world);
    lease_end(&world->lease, false);
    world->observer.monotonic = SECOND;
    check_none(world);
    lease_begin(world, "job");
    check_alive(world, 0);
}

static void a_released_lease_is_dead_at_once(void **state)
{
    struct world *world = *state;

    lease_begin(world, "job");
    lease_beats(world);
    lease_end(&world->lease, true);
    check_dead(world, "gave itself up");
}

static void a_job_whose_process_is_gone_is_dead_at_once(void **state)
{
    struct world *world = *state;
    char here[PROCESS_IDENTITY_SIZE];
    int ends[2];

    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        process_identity(here);
        _exit(write(ends[1], here, sizeof here) == (ssize_t)sizeof here ? 0 : 1);
    }
    assert_int_equal(read(ends[0], here, sizeof here), sizeof here);
    assert_int_equal(waitpid(child, NULL, 0), child);
    close(ends[0]);
    close(ends[1]);
    lease_begin(world, "job");
    free(world->lease.record.owner);
    world->lease.record.owner = strdup(here);
    lease_beats(world);
    await_beats(world, 2);
    check_dead(world, "its process is gone");
}

/* ---- kept by its holder ---- */

static void a_lease_that_was_taken_over_cancels_its_job(void **state)
{
    struct world *world = *state;
    struct lease taken;
    struct cancel cancel;
    cutover_error *error = NULL;

    lease_begin(world, "job");
    struct seen seen = look(world);
    cancel_init(&cancel, NULL);
    check_ok(lease_take(&taken, &world->observer.host, &seen.record, seen.version, &cancel, &error), error);
    lease_beats(world);
    bool cancelled = cancel_comes(world);
    if (!cancelled)
        lease_end(&taken, false);
    assert_true(cancelled);
    error_set(&error, CUTOVER_E_CANCELLED, "cancelled");
    check_status_keep(lease_explain(&world->lease, CUTOVER_E_CANCELLED, &error), CUTOVER_E_CONFLICT, error);
    check_contains(cutover_error_message(error), "lost its lease");
    cutover_error_free(error);
    /* What it does at its end is nothing to the one that has it now. */
    lease_end(&world->lease, false);
    check_alive(world, -1);
    assert_false(cancel_asked(&cancel));
    lease_end(&taken, false);
    check_none(world);
    seen_free(&seen);
}

/* Who asks for it waits for a look at the store, and not for the next sign of life. */
static void a_cancellation_is_seen_between_two_signs_of_life(void **state)
{
    struct world *world = *state;
    const cutover_write asking = {CUTOVER_WRITE_VERSION, "cancel", "job", "shop", 0, "{\"actor_id\":\"otto\"}"};
    struct progress progress;
    cutover_error *error = NULL;

    lease_commit(world, "job");
    world->lease.beat_us = HOUR;
    world->beats = 0;
    progress_init(&progress, NULL, NULL, &world->cancel);
    check_ok(lease_keep(&world->lease, &world->cancel, &progress, &error), error);
    assert_false(cancel_asked(&world->cancel));
    check_ok(world->inner.commit(&(const cutover_write *){&asking}, 1, &error, world->inner.userdata), error);
    assert_true(cancel_comes(world));
    assert_int_equal(world->beats, 0);
    lease_end(&world->lease, false);
    progress_destroy(&progress);
}

static void a_lease_that_gave_a_sign_of_life_cannot_be_taken(void **state)
{
    struct world *world = *state;
    struct lease taken;
    struct cancel cancel;
    cutover_error *error = NULL;

    lease_begin(world, "job");
    struct seen seen = look(world);
    cancel_init(&cancel, NULL);
    lease_beats(world);
    await_beats(world, 2);
    check_status(lease_take(&taken, &world->observer.host, &seen.record, seen.version, &cancel, &error),
                 CUTOVER_E_CONFLICT, error);
    await_beats(world, 2);
    assert_false(cancel_asked(&world->cancel));
    seen_free(&seen);
}

static void a_store_that_fails_for_30_seconds_loses_the_lease_and_cancels_the_job(void **state)
{
    struct world *world = *state;

    lease_begin(world, "job");
    world->fails = true;
    lease_beats(world);
    await_beats(world, 2);
    world->holder.now += HOUR; /* which is nobody's business */
    world->holder.monotonic = 30 * SECOND - 1;
    await_beats(world, 2);
    assert_false(cancel_asked(&world->cancel));
    world->holder.monotonic = 30 * SECOND;
    assert_true(cancel_comes(world));
    assert_int_equal(lease_explain(&world->lease, CUTOVER_E_CANCELLED, NULL), CUTOVER_E_CONFLICT);
    assert_int_equal(lease_explain(&world->lease, CUTOVER_E_IO, NULL), CUTOVER_E_IO);
}

static void a_beat_whose_answer_was_lost_loses_nothing(void **state)
{
    struct world *world = *state;

    lease_begin(world, "job");
    lease_beats(world);
    for (int i = 0; i < 5; i++) {
        pthread_mutex_lock(&world->mutex);
        world->answer_lost = true;
        pthread_mutex_unlock(&world->mutex);
        await_beats(world, 3);
    }
    assert_false(cancel_asked(&world->cancel));
    lease_end(&world->lease, false);
    check_none(world);
}

/* A job that is cancelled asks whether it lost its lease. A commit that waits for that would wait for ever if the thread held a
   lock that the question takes. */
static void await_explanation(struct world *world)
{
    int64_t deadline = monotonic_us() + 60 * SECOND;

    pthread_mutex_lock(&world->mutex);
    world->beats++; /* it has come this far */
    pthread_cond_broadcast(&world->changed);
    while (!world->explained && wait_until(&world->changed, &world->mutex, deadline))
        ;
    world->fails = !world->explained;
    pthread_mutex_unlock(&world->mutex);
}

static void no_lock_is_held_while_the_store_commits(void **state)
{
    struct world *world = *state;

    lease_begin(world, "job");
    world->in_commit = await_explanation;
    lease_beats(world);
    await_beats(world, 1);
    assert_int_equal(lease_explain(&world->lease, CUTOVER_E_CANCELLED, NULL), CUTOVER_E_CANCELLED);
    pthread_mutex_lock(&world->mutex);
    world->explained = true;
    pthread_cond_broadcast(&world->changed);
    pthread_mutex_unlock(&world->mutex);
    await_beats(world, 2);
    assert_false(world->fails);
}

static void a_lease_that_nobody_knew_to_be_committed_is_released(void **state)
{
    struct world *world = *state;

    lease_commit(world, "job");
    lease_end(&world->lease, false);
    check_dead(world, "gave itself up");
}

static void a_lease_that_was_never_committed_leaves_nothing(void **state)
{
    struct world *world = *state;
    cutover_error *error = NULL;

    check_ok(lease_prepare(&world->lease, &world->holder.host, LEASE_BACKUP, "job", "shop", &error), error);
    lease_end(&world->lease, true);
    lease_end(&world->lease, true);
    check_none(world);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_job_is_dead_after_30_seconds_of_the_observer_s_own),
        TEST(a_silence_begins_when_it_is_first_seen),
        TEST(a_live_job_is_alive_to_one_whose_clock_is_an_hour_ahead),
        TEST(a_live_job_is_alive_to_one_whose_clock_is_an_hour_behind),
        TEST(another_lease_of_the_same_job_is_another),
        TEST(what_is_gone_from_the_store_is_forgotten),
        TEST(a_released_lease_is_dead_at_once),
        TEST(a_job_whose_process_is_gone_is_dead_at_once),
        TEST(a_lease_that_was_taken_over_cancels_its_job),
        TEST(a_cancellation_is_seen_between_two_signs_of_life),
        TEST(a_lease_that_gave_a_sign_of_life_cannot_be_taken),
        TEST(a_store_that_fails_for_30_seconds_loses_the_lease_and_cancels_the_job),
        TEST(a_beat_whose_answer_was_lost_loses_nothing),
        TEST(no_lock_is_held_while_the_store_commits),
        TEST(a_lease_that_nobody_knew_to_be_committed_is_released),
        TEST(a_lease_that_was_never_committed_leaves_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
