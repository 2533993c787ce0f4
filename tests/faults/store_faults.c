/* Stores that are busy, in conflict, read-only or not there. */
#include "faults/port_faults.h"
#include "support/seed.h"

#include <limits.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Longer than SQLite's busy timeout in the store. */
#define BUSY_SECONDS 7

static const struct moment beginning = {.step = NULL};

/* ---- busy ---- */

static struct {
    sqlite3 *connection;
    pthread_t thread;
    atomic_bool over;
    bool for_long; /* until the promotion has ended */
} writer;

static void *let_go(void *context)
{
    const struct timespec pause = {0, 50 * 1000 * 1000};

    (void)context;
    for (int i = 0; i < BUSY_SECONDS * 20 && !writer.over; i++)
        nanosleep(&pause, NULL);
    sqlite3_exec(writer.connection, "ROLLBACK", NULL, NULL, NULL);
    return NULL;
}

/* Somebody else begins to write, and does not end. */
static void write_lock(struct field *field)
{
    char *path = shop_format("%s/store.db", field->shop.home);

    assert_int_equal(sqlite3_open_v2(path, &writer.connection, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    sqlite3_busy_timeout(writer.connection, 10000);
    assert_int_equal(sqlite3_exec(writer.connection, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    writer.over = false;
    free(path);
}

static void busy_for_seconds(struct field *field)
{
    write_lock(field);
    assert_int_equal(pthread_create(&writer.thread, NULL, let_go, NULL), 0);
}

static void after_seconds(struct field *field)
{
    (void)field;
    writer.over = true;
    pthread_join(writer.thread, NULL);
    sqlite3_close(writer.connection);
}

static void write_unlock(struct field *field)
{
    (void)field;
    assert_int_equal(sqlite3_exec(writer.connection, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(writer.connection);
}

void store_that_is_busy(void **state)
{
    static const struct blow seconds = {
        .name = "the store is busy for seconds", .strike = busy_for_seconds, .heal = after_seconds};
    static const struct blow long_time = {
        .name = "the store is busy until the end", .strike = write_lock, .heal = write_unlock};
    static const struct moment committing = {"swap", "COMMIT", true, true};

    for (size_t i = 0; field_steps[i] != NULL; i++) {
        const struct moment moment = {.step = field_steps[i]};
        if (field_soak() || i == 1 + 3 * (seed_given() % 2))
            field_strike(*state, &moment, &seconds);
        if (field_soak() || i == 2 || strcmp(moment.step, "catch_up") == 0)
            field_strike(*state, &moment, &long_time);
    }
    /* Swapped, and nobody can be told. */
    assert_int_equal(field_strike(*state, &committing, &long_time), ENDING_FINISHED);
    field_tell(*state, "the store is busy");
}

/* ---- the Nth commit ---- */

static struct {
    enum store_fault fault;
    unsigned at, count;
} coming;

static void arm(struct field *field)
{
    pthread_mutex_lock(&field->mutex);
    field->store_fault = coming.fault;
    field->fault_at = coming.at;
    field->fault_count = coming.count;
    pthread_mutex_unlock(&field->mutex);
}

/* What the store does instead of its Nth commit: once, or from then on until the promotion has ended. */
static void fail_commit(struct field *field, enum store_fault fault, unsigned number, bool on)
{
    static const char *const names[] = {
        [STORE_CONFLICT] = "conflict",
        [STORE_CONFLICT_APPLIED] = "conflict, though applied",
        [STORE_FAILS] = "failure",
        [STORE_FAILS_APPLIED] = "failure, though applied",
    };
    char *name = shop_format("%s at commit %u%s", names[fault], number, on ? " and all after" : "");
    const struct blow blow = {.name = name, .strike = arm};

    coming.fault = fault;
    coming.at = number;
    coming.count = on ? UINT_MAX : 1;
    field_strike(field, &beginning, &blow);
    free(name);
}

/* Every commit of a promotion, one after the other; without time, another sixth of them for each kind of fault, and with a seed each
   other commit. */
void store_that_fails_at_any_commit(void **state)
{
    static const struct {
        enum store_fault fault;
        bool on;
    } kinds[] = {
        {STORE_CONFLICT, false}, {STORE_CONFLICT_APPLIED, false},
        {STORE_FAILS, false},    {STORE_FAILS_APPLIED, false},
        {STORE_FAILS, true},     {STORE_FAILS_APPLIED, true},
    };
    struct field *field = *state;
    unsigned count = field_count_commits(field), kind_count = sizeof kinds / sizeof *kinds, taken = 0;

    assert_true(count > 10);
    /* Whoever takes such a one for not applied has an old version of the record, and cannot say what became of the backup. */
    unsigned moved_at = field->backup_moved_at;
    assert_true(moved_at > 0);
    fail_commit(field, STORE_CONFLICT_APPLIED, moved_at, false);
    fail_commit(field, STORE_FAILS_APPLIED, moved_at, false);
    for (unsigned number = 1; number <= count; number++) {
        if (!seed_takes(number, 4))
            continue;
        unsigned turn = (unsigned)((taken++ + seed_given() / 4) % kind_count);
        for (unsigned kind = 0; kind < kind_count; kind++)
            if (kind == turn || field_soak())
                fail_commit(field, kinds[kind].fault, number, kinds[kind].on);
    }
    printf("the store fails at one of %u commits\n", count);
    field_tell(field, "the store fails");
}
