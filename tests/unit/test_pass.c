#include "support/check.h"

#include "transfer/pass.h"

#include <stdatomic.h>
#include <string.h>

#define TABLES 3
#define JOBS 4
#define AFTER 2
#define MIB (UINT64_C(1) << 20)

/* Tables of 4000, 10 and 0 MiB: the first is split. */
struct moves {
    struct table tables[TABLES];
    struct pass pass;
    struct progress progress;
    struct cancel cancel;
    atomic_uint opened, closed, before, parts, after;
    atomic_uint whole[TABLES];
    atomic_uint wrong;  /* things that a worker saw and that may not be */
    unsigned fail_part; /* this one fails, counted from 1; 0: none */
    size_t fail_whole;  /* this table cannot be ended; SIZE_MAX: none */
};

static cutover_status move_open(void *context, struct cancel *cancel, void **state, cutover_error **error)
{
    struct moves *moves = context;

    (void)cancel;
    (void)error;
    moves->opened++;
    *state = moves;
    return CUTOVER_OK;
}

static void move_close(void *context, void *state)
{
    struct moves *moves = context;

    if (state != moves)
        moves->wrong++;
    moves->closed++;
}

static cutover_status move_before(void *context, void *state, cutover_error **error)
{
    struct moves *moves = context;

    (void)state;
    (void)error;
    moves->before++;
    return CUTOVER_OK;
}

static cutover_status move_part(void *context, void *state, const struct part *part, struct digest *digest,
                                uint64_t *bytes, cutover_error **error)
{
    struct moves *moves = context;

    (void)state;
    if (++moves->parts == moves->fail_part)
        return error_set(error, CUTOVER_E_IO, "the part is lost");
    if (part->whole != (moves->pass.plan.table_parts[part->table] == 1))
        moves->wrong++;
    digest_row(digest, "row", 3);
    *bytes = 4;
    return CUTOVER_OK;
}

static cutover_status move_whole(void *context, void *state, size_t table, cutover_error **error)
{
    struct moves *moves = context;
    const struct receipt *receipt = &moves->pass.receipts.tables[table];

    (void)state;
    moves->whole[table]++;
    if (receipt->digest.rows != moves->pass.plan.table_parts[table] ||
        receipt->bytes != 4 * receipt->digest.rows)
        moves->wrong++;
    return table == moves->fail_whole ? error_set(error, CUTOVER_E_IO, "the table cannot be ended")
                                      : CUTOVER_OK;
}

static cutover_status move_after(void *context, void *state, cutover_error **error)
{
    struct moves *moves = context;

    (void)state;
    (void)error;
    moves->after++;
    return CUTOVER_OK;
}

static void moves_begin(struct moves *moves)
{
    static const uint64_t sizes[TABLES] = {4000 * MIB, 10 * MIB, 0};

    memset(moves, 0, sizeof *moves);
    moves->fail_whole = SIZE_MAX;
    for (size_t i = 0; i < TABLES; i++)
        moves->tables[i] = (struct table){
            .label = (char *)(uintptr_t) "t", .bytes = sizes[i], .heap = true, .heap_pages = sizes[i] / 8192};
    cancel_init(&moves->cancel, NULL);
    progress_init(&moves->progress, NULL, NULL, &moves->cancel);
    progress_expect(&moves->progress, PHASE_BACKUP, 1);
    progress_expect(&moves->progress, PHASE_CHECK, 1);
    moves->pass = (struct pass){
        .tables = moves->tables,
        .table_count = TABLES,
        .jobs = JOBS,
        .split = SPLIT_FREELY,
        .progress = &moves->progress,
        .phase = PHASE_BACKUP,
        .bytes = 4010 * MIB,
        .open = move_open,
        .close = move_close,
        .before = move_before,
        .part = move_part,
        .whole = move_whole,
        .after = move_after,
        .after_count = AFTER,
        .context = moves,
    };
}

static void moves_end(struct moves *moves)
{
    assert_int_equal(moves->opened, moves->closed);
    assert_int_equal(moves->wrong, 0);
    pass_close(&moves->pass);
    progress_destroy(&moves->progress);
}

static void every_part_is_moved_once_and_every_table_ended_once(void **state)
{
    struct moves moves;
    cutover_error *error = NULL;
    cutover_progress now;

    (void)state;
    moves_begin(&moves);
    check_ok(pass_run(&moves.pass, &error), error);
    assert_true(moves.pass.plan.count > TABLES);
    assert_int_equal(moves.parts, moves.pass.plan.count);
    assert_int_equal(moves.before, 1);
    assert_int_equal(moves.after, AFTER);
    for (size_t i = 0; i < TABLES; i++)
        assert_int_equal(moves.whole[i], 1);
    progress_copy(&moves.progress, &now);
    assert_int_equal(now.tables_done, TABLES);
    assert_int_equal(now.tables_total, TABLES);
    assert_int_equal(now.bytes_total, 4010 * MIB);
    assert_float_equal(now.fraction, 0.5, 0.001);
    moves_end(&moves);
}

static void what_a_pass_can_do_without_it_does_without(void **state)
{
    struct moves moves;
    cutover_error *error = NULL;

    (void)state;
    moves_begin(&moves);
    moves.pass.before = NULL;
    moves.pass.whole = NULL;
    moves.pass.after = NULL;
    moves.pass.after_count = 0;
    check_ok(pass_run(&moves.pass, &error), error);
    assert_int_equal(moves.parts, moves.pass.plan.count);
    assert_int_equal(moves.before, 0);
    assert_int_equal(moves.pass.receipts.tables[0].digest.rows, moves.pass.plan.table_parts[0]);
    moves_end(&moves);
}

/* The phase goes on after the pass: somebody else ends it. */
static void a_pass_inside_of_a_phase_leaves_it_alone(void **state)
{
    struct moves moves;
    cutover_error *error = NULL;
    cutover_progress now;

    (void)state;
    moves_begin(&moves);
    moves.pass.in_phase = true;
    progress_begin(&moves.progress, PHASE_CHECK, 77, TABLES);
    check_ok(pass_run(&moves.pass, &error), error);
    progress_copy(&moves.progress, &now);
    assert_int_equal(now.bytes_total, 77);
    assert_float_equal(now.fraction, 0, 0.001);
    progress_end(&moves.progress);
    progress_copy(&moves.progress, &now);
    assert_float_equal(now.fraction, 0.5, 0.001);
    moves_end(&moves);
}

static void a_part_that_fails_fails_the_pass_and_its_table_is_not_whole(void **state)
{
    cutover_error *error = NULL;

    (void)state;
    /* The last one, too: then all others are there. */
    for (int last = 0; last <= 1; last++) {
        struct moves moves;
        moves_begin(&moves);
        moves.pass.jobs = 1;
        moves.pass.after_count = 0;
        moves.fail_part = last ? TABLES : 1;
        check_status_keep(pass_run(&moves.pass, &error), CUTOVER_E_IO, error);
        check_contains(cutover_error_message(error), "the part is lost");
        cutover_error_free(error);
        error = NULL;
        assert_int_equal(moves.whole[0] + moves.whole[1] + moves.whole[2], moves.fail_part - 1);
        assert_int_equal(moves.parts, moves.fail_part);
        moves_end(&moves);
    }
}

static void a_table_that_cannot_be_ended_fails_the_pass(void **state)
{
    struct moves moves;
    cutover_error *error = NULL;
    cutover_progress now;

    (void)state;
    moves_begin(&moves);
    moves.pass.jobs = 1;
    moves.fail_whole = 0;
    check_status_keep(pass_run(&moves.pass, &error), CUTOVER_E_IO, error);
    check_contains(cutover_error_message(error), "cannot be ended");
    cutover_error_free(error);
    assert_int_equal(moves.after, 0);
    progress_copy(&moves.progress, &now);
    assert_int_equal(now.tables_done, 0);
    moves_end(&moves);
}

static void a_cancel_stops_the_pass(void **state)
{
    struct moves moves;
    cutover_error *error = NULL;

    (void)state;
    moves_begin(&moves);
    cancel_ask(&moves.cancel);
    check_status(pass_run(&moves.pass, &error), CUTOVER_E_CANCELLED, error);
    assert_int_equal(moves.parts, 0);
    moves_end(&moves);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_part_is_moved_once_and_every_table_ended_once),
        cmocka_unit_test(what_a_pass_can_do_without_it_does_without),
        cmocka_unit_test(a_pass_inside_of_a_phase_leaves_it_alone),
        cmocka_unit_test(a_part_that_fails_fails_the_pass_and_its_table_is_not_whole),
        cmocka_unit_test(a_table_that_cannot_be_ended_fails_the_pass),
        cmocka_unit_test(a_cancel_stops_the_pass),
    };

    return cmocka_run_group_tests_name("pass", tests, NULL, NULL);
}
