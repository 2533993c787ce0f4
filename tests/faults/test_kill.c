/*
 * Kill everywhere (EDGE_CASES E2, E18, D3, B18): for every state that a job passes through, the process that runs it is killed
 * with SIGKILL in it, and recovery runs. In the second pass recovery is itself killed at its points, and run again. Afterwards
 * the database is wholly the one or the other: see scene_check().
 *
 *   test_kill                              what CI runs: with one stream, the points that course.h chooses, and of the second
 *                                          pass one in four, with one of the queries that follow each other; SEED=N in the
 *                                          environment chooses others
 *   test_kill --soak                       all points with one and two streams, and with each all those of recovery
 *   test_kill --pass N SCENARIO JOBS       pass 0, 1 or 2 of that job, with a number of streams
 *   test_kill SCENARIO JOBS POINT [POINT]  that point or place (see points.h) alone, and one of recovery; one that is not
 *                                          reached lists them all
 *
 * With more than one stream the order of the points varies from run to run: they are counted, and the first run that ends by
 * itself ends the sweep.
 */
#include "faults/course.h"
#include "faults/points.h"
#include "faults/scenarios.h"
#include "faults/state.h"
#include "faults/tasks.h"
#include "support/seed.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NEVER "1000000"
#define WHOLE_IN 4 /* of one run in so many three points are chosen */
#define TRIES 5

enum pass { FIRST_PASS, SECOND_PASS, SECOND_PASS_IN_FULL };

static struct work {
    const struct scenario *scenario;
    uint32_t jobs;
    enum pass pass;
    unsigned share, shares;
    const char *course;                 /* path, for the first pass; NULL: its points are counted */
    const char *seed;                   /* it is only recorded; "all": all points are chosen */
    const char *point, *recovery_point; /* these alone, or NULL */
    const char *result;                 /* path: counts are written here */
} work;

struct counts {
    unsigned points, undone, finished, again;
};

static struct scene scene;
static unsigned again; /* runs that missed their point */

/* ---- one run ---- */

static void name_place(const char *of)
{
    struct points points;
    size_t length = strlen(scene.where);

    points_read(scene.points, &points);
    assert_true(points.count > 0);
    const struct point *last = &points.list[points.count - 1];
    snprintf(scene.where + length, sizeof scene.where - length, "; %s killed at point %u, %u.%u (%s: %s)", of,
             last->number, last->place.major, last->place.minor, last->step, last->what);
    points_free(&points);
}

/* Whether the point was reached. */
static bool act_until(const char *target)
{
    scene_reset(&scene);
    snprintf(scene.where, sizeof scene.where, "%s, streams: %u", scene.scenario->name, work.jobs);
    enum scene_end end = scene_run(&scene, "--act", work.jobs, target);
    name_place("the job");
    if (end == SCENE_FAILED)
        fail_msg("it failed by itself");
    return end == SCENE_KILLED;
}

/* Every other job that waits, or waited, is released when nobody is there any more to see it. */
static void release_if(bool wanted)
{
    if (scene.scenario->held && wanted && scene_run(&scene, "--release", work.jobs, "0") != SCENE_DONE)
        fail_msg("the release failed");
}

static bool act_until_number(unsigned number)
{
    char target[16];

    snprintf(target, sizeof target, "%u", number);
    if (!act_until(target))
        return false;
    release_if(number % 2 != 0);
    return true;
}

/* A text that was cut may end inside of a number, before its first decimal digit. */
static void without_cut_number(char *text)
{
    size_t length = strlen(text);

    while (length > 0 && (text[length - 1] == '#' || isxdigit((unsigned char)text[length - 1])))
        text[--length] = '\0';
}

/* Whether both are the same call on the same thing, but for what differs from run to run: paths too, as some are mkdtemp()'s. */
static bool is_same_call(const struct point *one, const struct point *other)
{
    char *text = shop_format("%s %s", one->step, one->what);
    char *other_text = shop_format("%s %s", other->step, other->what);

    without_numbers(text);
    without_numbers(other_text);
    without_cut_number(text);
    without_cut_number(other_text);
    text[strcspn(text, "/")] = other_text[strcspn(other_text, "/")] = '\0';
    bool same = strcmp(text, other_text) == 0;
    free(text);
    free(other_text);
    return same;
}

/* What the queries around a point follow. */
static const struct point *leader_of(const struct points *points, unsigned index)
{
    while (index > 0 && points->list[index].place.minor > 0)
        index--;
    return &points->list[index];
}

/* Whether the last run was killed where a point of the course is. A job that asks again and again asks now more, now less often: of
   queries that change nothing each is as good, and so is the call that follows them; `exactly`: they change something. */
static bool was_killed_at(const struct points *course, unsigned index, bool exactly)
{
    const struct point *wanted = &course->list[index];
    struct points points;

    points_read(scene.points, &points);
    const struct point *last = &points.list[points.count - 1];
    bool same;
    if (wanted->place.minor == 0 || exactly)
        same = is_same_call(last, wanted);
    else if (last->place.major == wanted->place.major)
        same = is_same_call(leader_of(&points, points.count - 1), leader_of(course, index));
    else
        same = points.count > 1 && last->place.major == wanted->place.major + 1 && !point_is_open(last) &&
               is_same_call(leader_of(&points, points.count - 2), leader_of(course, index));
    points_free(&points);
    return same;
}

/* A run that missed it began with a scene that an earlier one had changed, or went another way: a job that waits asks now more, now
   less often. So the same call is looked for around its place, and in the end another query in the same place is as good. Returns
   whether it was the same where that is asked for. */
static bool act_until_place(const struct points *course, unsigned index, bool exactly)
{
    static const int around[] = {0, -1, 1, -2, 2};
    const struct point *wanted = &course->list[index];
    unsigned minor = wanted->place.minor;
    char target[32];

    for (unsigned i = 0; minor > 0 && exactly && i < sizeof around / sizeof *around; i++) {
        int near = (int)minor + around[i];
        snprintf(target, sizeof target, "%u.%d", wanted->place.major, near > 0 ? near : 1);
        if (act_until(target) && was_killed_at(course, index, true))
            return true;
        scene.is_spent = true;
        again++;
    }
    bool same = minor == 0 || !exactly;
    for (unsigned i = 0; i < TRIES; i++) {
        snprintf(target, sizeof target, "%u.%u", wanted->place.major, minor);
        if (act_until(target) && was_killed_at(course, index, minor == 0 && exactly))
            return same;
        if (minor > 1)
            minor /= 2;
        scene.is_spent = true;
        again++;
    }
    fail_msg("point %s (%s: %s) is not reached any more", target, wanted->step, wanted->what);
    return false;
}

static bool recover_until(const char *target)
{
    enum scene_end end = scene_run(&scene, "--recover", work.jobs, target);

    if (strcmp(target, "0") != 0)
        name_place("recovery");
    if (end == SCENE_FAILED)
        fail_msg("recovery failed");
    return end == SCENE_KILLED;
}

/* Recovers whatever is left, and checks. */
static void settle(struct counts *counts)
{
    recover_until("0");
    *(scene_check(&scene) ? &counts->finished : &counts->undone) += 1;
    scene.where[0] = '\0';
}

/* ---- first pass ---- */

static void kill_at_every_number(struct counts *counts)
{
    unsigned number = work.share + 1;

    for (; act_until_number(number); number += work.shares) {
        settle(counts);
        counts->points++;
    }
    /* It ended by itself: there is nothing to recover. */
    assert_true(scene_check(&scene));
    scene.where[0] = '\0';
}

/* The points of a run leave the same, as was concluded from what changed when the course was recorded. `left`: at the one before, in
   the same run; or NULL. */
static void check_left(const struct point *point, char **left)
{
    if (point_is_open(point))
        return;
    char *now = state_left(&scene);
    if (*left != NULL)
        check_same_text(now, *left);
    free(*left);
    *left = now;
}

/* All runs, when all points are chosen; otherwise one in eight, as it takes a good part of the time: of those at three points of which it
   is killed. */
static bool is_compared(const struct course *course, unsigned run)
{
    return course->chosen_count == course->points.count || course_chance(run, seed_given(), 8);
}

/* Whether something changes among the queries around a point. */
static bool changes_within(const struct course *course, unsigned index)
{
    unsigned first = index, last = index, major = course->points.list[index].place.major;

    while (first > 0 && course->points.list[first].place.minor > 0)
        first--;
    while (last + 1 < course->points.count && course->points.list[last + 1].place.major == major)
        last++;
    for (unsigned i = first; i < last; i++)
        if (course->runs[i + 1] != course->runs[i])
            return true;
    return false;
}

static void kill_at_chosen_points(struct counts *counts)
{
    struct course course;
    char *left = NULL;
    unsigned run = 0;

    course_read(&course, work.course);
    for (unsigned i = 0, chosen = 0; i < course.points.count; i++) {
        const struct point *point = &course.points.list[i];
        if (!course.chosen[i] || course.runs[i] % work.shares != work.share)
            continue;
        if (course.runs[i] != run) {
            free(left);
            left = NULL;
            run = course.runs[i];
        }
        bool same = act_until_place(&course.points, i, changes_within(&course, i));
        if (same && is_compared(&course, run))
            check_left(point, &left);
        release_if(chosen++ % 2 != 0);
        settle(counts);
        counts->points++;
    }
    free(left);
    course_free(&course);
}

static void record(void)
{
    struct course course;

    course_record(&scene, work.jobs, &course);
    if (strcmp(work.seed, "all") == 0)
        course_choose_all(&course);
    else
        course_choose(&course, strtoull(work.seed, NULL, 10), WHOLE_IN, work.scenario->one_in);
    course_write(&course, work.course);
    course_free(&course);
}

/* ---- second pass ---- */

/* The middle of each step, and what changes production or the records from the swap on; of a backup taken by itself, the throwaway
   database or the records. */
static bool is_representative(const struct points *points, const bool *open, unsigned index)
{
    const struct point *point = &points->list[index];
    unsigned first = index, last = index;
    bool late = strcmp(point->step, "swap") == 0 || strcmp(point->step, "finish") == 0 ||
                strcmp(point->step, "completed") == 0 || strcmp(point->step, "verifying") == 0 ||
                strcmp(point->step, "verified") == 0;

    if (late && (strncmp(point->what, "committed ", 10) == 0 || open[index]))
        return true;
    while (first > 0 && strcmp(points->list[first - 1].step, point->step) == 0)
        first--;
    while (last + 1 < points->count && strcmp(points->list[last + 1].step, point->step) == 0)
        last++;
    return index == (first + last) / 2;
}

/* Where recovery is killed next: at each call that is no query, and, as queries leave what was there, at one of those that follow it,
   by seed; where there are fewer, that is the next call. */
static struct place place_after(struct place place, uint64_t seed)
{
    return place.minor == 0 ? (struct place){place.major, 1 + (unsigned)((seed + place.major) % 4)}
                            : (struct place){place.major + 1, 0};
}

static struct place place_reached(void)
{
    struct points points;

    points_read(scene.points, &points);
    struct place place = points.list[points.count - 1].place;
    points_free(&points);
    return place;
}

static bool recover_until_place(struct place place)
{
    char target[32];

    snprintf(target, sizeof target, "%u.%u", place.major, place.minor);
    return recover_until(target);
}

/* Recovery is killed at its first point, goes on and is killed at its next, and so on until it gets through. */
static void kill_recovery_again_and_again(const struct points *points, unsigned index, struct counts *counts)
{
    struct place place = {0, 1};

    act_until_place(points, index, false);
    release_if(points->list[index].number % 2 != 0);
    size_t length = strlen(scene.where);
    while (recover_until_place(place)) {
        scene.where[length] = '\0';
        counts->points++;
        place = place_after(place_reached(), seed_given());
    }
    scene.where[length] = '\0';
    settle(counts);
}

/* Each time from the beginning: the job killed at its point, recovery at one of its own, and run again. */
static void kill_recovery_everywhere(const struct points *points, unsigned index, struct counts *counts)
{
    for (unsigned number = 1;; number++) {
        char target[16];
        snprintf(target, sizeof target, "%u", number);
        act_until_place(points, index, false);
        release_if(points->list[index].number % 2 != 0);
        bool reached = recover_until(target);
        settle(counts);
        if (!reached)
            return;
        counts->points++;
    }
}

/* Of the representatives one in four, of fewer than eight each other one, others by each seed; in full all. */
static bool *chosen_for_recovery(const struct points *points)
{
    bool *open = points_left_open(points), *chosen = calloc(points->count + 1, sizeof *chosen);
    unsigned count = 0;

    assert_non_null(chosen);
    for (unsigned i = 0; i < points->count; i++)
        count += chosen[i] = is_representative(points, open, i);
    uint64_t one_in = work.pass == SECOND_PASS_IN_FULL ? 1 : count < 8 ? 2 : 4;
    for (unsigned i = 0, met = 0; i < points->count; i++)
        if (chosen[i])
            chosen[i] = met++ % one_in == seed_given() % one_in;
    free(open);
    return chosen;
}

static void kill_recovery(struct counts *counts)
{
    struct points points;
    unsigned taken = 0;

    assert_false(act_until(NEVER));
    assert_true(scene_check(&scene));
    points_read(scene.points, &points);
    bool *chosen = chosen_for_recovery(&points);
    for (unsigned i = 0; i < points.count; i++) {
        if (!chosen[i] || taken++ % work.shares != work.share)
            continue;
        if (work.pass == SECOND_PASS)
            kill_recovery_again_and_again(&points, i, counts);
        else
            kill_recovery_everywhere(&points, i, counts);
    }
    free(chosen);
    points_free(&points);
}

/* ---- points by hand ---- */

static void list_points(void)
{
    struct points points;

    points_read(scene.points, &points);
    for (unsigned i = 0; i < points.count; i++)
        printf("%u\t%u.%u\t%s\t%s\n", points.list[i].number, points.list[i].place.major,
               points.list[i].place.minor, points.list[i].step, points.list[i].what);
    points_free(&points);
}

static void kill_by_hand(struct counts *counts)
{
    if (!act_until(work.point != NULL ? work.point : NEVER))
        list_points();
    else if (work.recovery_point != NULL && !recover_until(work.recovery_point))
        list_points();
    settle(counts);
}

/* ---- one process of a sweep ---- */

static int open_scene(void **state)
{
    (void)state;
    scene_open(&scene, work.scenario);
    return 0;
}

static int close_scene(void **state)
{
    (void)state;
    if (scene.where[0] != '\0')
        scene_show(&scene);
    scene_close(&scene);
    return 0;
}

static void every_point_is_survived(void **state)
{
    struct counts counts = {.points = 0};

    (void)state;
    if (work.seed != NULL)
        record();
    else if (work.result == NULL)
        kill_by_hand(&counts);
    else if (work.pass != FIRST_PASS)
        kill_recovery(&counts);
    else if (work.course != NULL)
        kill_at_chosen_points(&counts);
    else
        kill_at_every_number(&counts);
    if (work.result != NULL) {
        FILE *file = fopen(work.result, "we");
        assert_non_null(file);
        fprintf(file, "%u %u %u %u\n", counts.points, counts.undone, counts.finished, again);
        assert_int_equal(fclose(file), 0);
    }
}

static int run_here(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_point_is_survived, open_scene, close_scene)};

    return cmocka_run_group_tests_name(work.scenario->name, tests, NULL, NULL) != 0;
}

/* ---- all processes of all sweeps ---- */

struct sweep {
    const struct scenario *scenario;
    uint32_t jobs;
    enum pass pass;
    bool soak;
    char *course; /* path */
    struct task *recorder, *shares;
    char **results; /* paths */
};

static unsigned share_count(void)
{
    return processors();
}

static bool is_recorded(const struct sweep *sweep)
{
    return sweep->pass == FIRST_PASS && sweep->jobs == 1;
}

static void recorder_fill(struct sweep *sweep)
{
    struct task *task = sweep->recorder;

    sweep->course = shop_format("%s/course", cluster_temp_dir());
    task->output = shop_format("%s.output", sweep->course);
    task->arguments[0] = shop_format("--record");
    task->arguments[1] = shop_format("%s", sweep->scenario->name);
    task->arguments[2] =
        sweep->soak ? shop_format("all") : shop_format("%llu", (unsigned long long)seed_given());
    task->arguments[3] = shop_format("%s", sweep->course);
}

static void share_fill(struct sweep *sweep, unsigned share)
{
    struct task *task = &sweep->shares[share];

    sweep->results[share] = shop_format("%s/result", cluster_temp_dir());
    task->after = sweep->recorder;
    task->output = shop_format("%s.output", sweep->results[share]);
    task->arguments[0] = shop_format("--share");
    task->arguments[1] = shop_format("%s", sweep->scenario->name);
    task->arguments[2] = shop_format("%u", sweep->jobs);
    task->arguments[3] = shop_format("%d", (int)sweep->pass);
    task->arguments[4] = shop_format("%u", share);
    task->arguments[5] = shop_format("%u", share_count());
    task->arguments[6] = shop_format("%s", sweep->results[share]);
    task->arguments[7] = sweep->course != NULL ? shop_format("%s", sweep->course) : NULL;
}

static void add_result(const char *path, struct counts *all)
{
    struct counts counts;
    FILE *file = fopen(path, "re");

    if (file == NULL)
        fail_msg("a share ended without a result");
    assert_int_equal(
        fscanf(file, "%u %u %u %u", &counts.points, &counts.undone, &counts.finished, &counts.again), 4);
    fclose(file);
    all->points += counts.points;
    all->undone += counts.undone;
    all->finished += counts.finished;
    all->again += counts.again;
}

/* Shows the failed ones; false if there is any. */
static bool have_succeeded(const struct task *tasks, unsigned count)
{
    bool all = true;

    for (unsigned i = 0; i < count; i++)
        if (!tasks[i].succeeded) {
            task_show(&tasks[i]);
            all = false;
        }
    return all;
}

/* Of how many: ", 250 of 431". */
static char *course_text(const struct sweep *sweep)
{
    struct course course;

    if (sweep->course == NULL)
        return shop_format("%s", "");
    course_read(&course, sweep->course);
    char *text = shop_format(" of %u, in which it leaves %u states", course.points.count, course.run_count);
    course_free(&course);
    return text;
}

/* Of the sweeps in which recovery was killed after a sample. */
static struct counts sampled;

static void both_outcomes_were_sampled(void **state)
{
    (void)state;
    assert_true(sampled.undone > 0 && sampled.finished > 0);
}

static void a_sweep_is_survived(void **state)
{
    static const char *const passes[] = {"", ", recovery killed too", ", recovery killed everywhere"};
    const struct sweep *sweep = *state;
    struct counts all = {.points = 0};

    assert_true(sweep->recorder == NULL || have_succeeded(sweep->recorder, 1));
    assert_true(have_succeeded(sweep->shares, share_count()));
    for (unsigned i = 0; i < share_count(); i++)
        add_result(sweep->results[i], &all);
    /* Recovery is killed after few, which may all be undone, or all finished: of all sweeps together there are both. */
    if (sweep->pass == SECOND_PASS) {
        assert_true(all.points > 0);
        sampled.undone += all.undone;
        sampled.finished += all.finished;
    } else {
        assert_true(all.undone > 0 && all.finished > 0);
    }
    char *course = course_text(sweep);
    printf("%s, streams: %u%s: %u points%s, all survived (%u undone, %u finished; missed at first: %u)\n",
           sweep->scenario->name, sweep->jobs, passes[sweep->pass], all.points, course, all.undone,
           all.finished, all.again);
    fflush(stdout);
    free(course);
}

static int tell_sweep(struct sweep *sweep)
{
    const struct CMUnitTest tests[] = {{"every_point_is_survived", a_sweep_is_survived, NULL, NULL, sweep}};
    int failed = cmocka_run_group_tests_name(sweep->scenario->name, tests, NULL, NULL);

    for (unsigned i = 0; i < share_count(); i++)
        free(sweep->results[i]);
    free(sweep->results);
    free(sweep->course);
    return failed;
}

/* Recorders first: the others wait for them. One process more than there are processors, as each waits some of the time. */
static int run_sweeps(struct sweep *sweeps, size_t count)
{
    size_t task_count = 0, per_sweep = share_count();
    struct task *tasks = calloc(count * (per_sweep + 1), sizeof *tasks);
    int failed = 0;

    assert_non_null(tasks);
    for (size_t i = 0; i < count; i++)
        if (is_recorded(&sweeps[i])) {
            sweeps[i].recorder = &tasks[task_count++];
            recorder_fill(&sweeps[i]);
        }
    for (size_t i = 0; i < count; i++) {
        sweeps[i].shares = &tasks[task_count];
        sweeps[i].results = calloc(per_sweep, sizeof *sweeps[i].results);
        assert_non_null(sweeps[i].results);
        for (unsigned share = 0; share < per_sweep; share++)
            share_fill(&sweeps[i], share);
        task_count += per_sweep;
    }
    tasks_run(tasks, task_count, processors() + 1);
    for (size_t i = 0; i < count; i++)
        failed += tell_sweep(&sweeps[i]);
    const struct CMUnitTest tests[] = {cmocka_unit_test(both_outcomes_were_sampled)};
    failed += cmocka_run_group_tests_name("recovery killed too", tests, NULL, NULL);
    for (size_t i = 0; i < task_count; i++)
        task_free(&tasks[i]);
    free(tasks);
    return failed != 0;
}

/* First passes first: they take the longest. */
static int run_all(bool soak)
{
    struct sweep sweeps[64];
    size_t count = 0;

    for (enum pass pass = FIRST_PASS; pass <= (soak ? SECOND_PASS_IN_FULL : SECOND_PASS); pass++)
        for (const struct scenario *scenario = scenarios; scenario->name != NULL; scenario++)
            for (uint32_t jobs = 1; jobs <= (soak ? 2u : 1u); jobs++) {
                assert_true(count < sizeof sweeps / sizeof *sweeps);
                sweeps[count++] =
                    (struct sweep){.scenario = scenario, .jobs = jobs, .pass = pass, .soak = soak};
            }
    return run_sweeps(sweeps, count);
}

/* ---- what is chosen ---- */

/* Seven of one run, of which one is open, one alone, and two. */
static const unsigned runs_to_choose_of[] = {0, 0, 0, 0, 0, 0, 0, 1, 2, 2};
#define COUNT_TO_CHOOSE_OF 10

static unsigned choose_of_them(uint64_t seed, unsigned whole_in, unsigned one_in,
                               bool chosen[COUNT_TO_CHOOSE_OF])
{
    static char *const calls[] = {"connect a", "send b", "send c", "sent d",    "send e",
                                  "send f",    "send g", "send h", "committed", "rename i"};
    struct point list[COUNT_TO_CHOOSE_OF];

    memset(chosen, 0, COUNT_TO_CHOOSE_OF * sizeof *chosen);
    for (unsigned i = 0; i < COUNT_TO_CHOOSE_OF; i++)
        list[i] = (struct point){.number = i + 1, .what = calls[i]};
    struct course course = {.points = {list, COUNT_TO_CHOOSE_OF},
                            .runs = (unsigned *)runs_to_choose_of,
                            .chosen = chosen,
                            .run_count = 3};
    course_choose(&course, seed, whole_in, one_in);
    return course.chosen_count;
}

static void of_each_run_both_ends_and_one_more_are_chosen(void **state)
{
    bool ever[COUNT_TO_CHOOSE_OF] = {false}, chosen[COUNT_TO_CHOOSE_OF];

    (void)state;
    for (uint64_t seed = 0; seed < 100; seed++) {
        assert_int_equal(choose_of_them(seed, 1, 1, chosen), 7);
        assert_true(chosen[0] && chosen[3] && chosen[6] && chosen[7] && chosen[8] && chosen[9]);
        for (unsigned i = 0; i < COUNT_TO_CHOOSE_OF; i++)
            ever[i] = ever[i] || chosen[i];
    }
    for (unsigned i = 0; i < COUNT_TO_CHOOSE_OF; i++)
        assert_true(ever[i]);
}

static void of_one_run_in_four_both_ends_are_chosen_and_of_the_others_one_point(void **state)
{
    unsigned whole = 0, alone[COUNT_TO_CHOOSE_OF] = {0};
    bool chosen[COUNT_TO_CHOOSE_OF];

    (void)state;
    for (uint64_t seed = 0; seed < 400; seed++) {
        choose_of_them(seed, 4, 1, chosen);
        unsigned of_seven = 0;
        for (unsigned i = 0; i < 7; i++)
            of_seven += chosen[i];
        assert_true(chosen[3] && chosen[7] && (chosen[8] || chosen[9]));
        assert_true(of_seven == 2 || (of_seven == 4 && chosen[0] && chosen[6]));
        assert_int_equal(of_seven == 4, course_chance(0, seed, 4));
        whole += of_seven == 4;
        for (unsigned i = 0; i < 7; i++)
            alone[i] += of_seven == 2 && chosen[i];
    }
    assert_in_range(whole, 50, 150);
    for (unsigned i = 0; i < 7; i++)
        assert_true(alone[i] > 0);
}

static void of_one_run_in_two_something_is_chosen_and_of_the_others_what_is_open(void **state)
{
    unsigned passed_over = 0, ever[COUNT_TO_CHOOSE_OF] = {0};
    bool chosen[COUNT_TO_CHOOSE_OF];

    (void)state;
    for (uint64_t seed = 0; seed < 400; seed++) {
        choose_of_them(seed, 4, 2, chosen);
        unsigned of_seven = 0;
        for (unsigned i = 0; i < 7; i++)
            of_seven += chosen[i];
        assert_true(chosen[3]);
        assert_int_equal(of_seven == 1, !course_chance(0, seed, 2));
        assert_int_equal(chosen[7], course_chance(1, seed, 2));
        assert_int_equal(chosen[8] || chosen[9], course_chance(2, seed, 2));
        passed_over += of_seven == 1;
        for (unsigned i = 0; i < COUNT_TO_CHOOSE_OF; i++)
            ever[i] += chosen[i];
    }
    assert_in_range(passed_over, 150, 250);
    for (unsigned i = 0; i < COUNT_TO_CHOOSE_OF; i++)
        assert_true(ever[i] > 0);
}

static void runs_that_are_compared_are_killed_at_both_ends(void **state)
{
    unsigned compared = 0;

    (void)state;
    for (unsigned run = 0; run < 800; run++)
        if (course_chance(run, 7, 8)) {
            assert_true(course_chance(run, 7, WHOLE_IN));
            compared++;
        }
    assert_in_range(compared, 50, 150);
}

static int check_choice(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_each_run_both_ends_and_one_more_are_chosen),
        cmocka_unit_test(of_one_run_in_four_both_ends_are_chosen_and_of_the_others_one_point),
        cmocka_unit_test(of_one_run_in_two_something_is_chosen_and_of_the_others_what_is_open),
        cmocka_unit_test(runs_that_are_compared_are_killed_at_both_ends),
    };

    return cmocka_run_group_tests_name("choice", tests, NULL, NULL);
}

/* ---- the command line ---- */

static const struct scenario *scenario_named(const char *name)
{
    const struct scenario *scenario = scenarios;

    while (scenario->name != NULL && strcmp(scenario->name, name) != 0)
        scenario++;
    if (scenario->name == NULL) {
        fprintf(stderr, "no scenario %s\n", name);
        exit(2);
    }
    return scenario;
}

static const char *argument(int argc, char **argv, int index)
{
    return index < argc ? argv[index] : NULL;
}

static unsigned number_of(int argc, char **argv, int index, unsigned otherwise)
{
    return index < argc ? (unsigned)strtoul(argv[index], NULL, 10) : otherwise;
}

int main(int argc, char **argv)
{
    if (argc == SCENE_CHILD_ARGUMENTS)
        return scene_child(argc, argv, scenarios);
    if (argc == 1 || strcmp(argv[1], "--soak") == 0)
        return check_choice() + run_all(argc > 1) != 0;
    if (strcmp(argv[1], "--record") == 0 && argc == 5) {
        work =
            (struct work){.scenario = scenario_named(argv[2]), .jobs = 1, .seed = argv[3], .course = argv[4]};
        return run_here();
    }
    if (strcmp(argv[1], "--share") == 0 && argc >= 8) {
        work = (struct work){.scenario = scenario_named(argv[2]),
                             .jobs = number_of(argc, argv, 3, 1),
                             .pass = (enum pass)number_of(argc, argv, 4, 0),
                             .share = number_of(argc, argv, 5, 0),
                             .shares = number_of(argc, argv, 6, 1),
                             .result = argv[7],
                             .course = argument(argc, argv, 8)};
        return run_here();
    }
    if (strcmp(argv[1], "--pass") == 0 && argc == 5) {
        struct sweep sweep = {.scenario = scenario_named(argv[3]),
                              .jobs = number_of(argc, argv, 4, 1),
                              .pass = (enum pass)number_of(argc, argv, 2, 0)};
        return run_sweeps(&sweep, 1);
    }
    work = (struct work){.scenario = scenario_named(argv[1]),
                         .jobs = number_of(argc, argv, 2, 1),
                         .shares = 1,
                         .point = argument(argc, argv, 3),
                         .recovery_point = argument(argc, argv, 4)};
    return run_here();
}
