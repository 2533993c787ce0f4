/*
 * Kill everywhere (EDGE_CASES E2, E18, D3, B18): for every point of a job in turn, the process that runs it is killed with SIGKILL
 * exactly there, and recovery runs. In the second pass recovery is itself killed at its points, and run again. Afterwards
 * the database is wholly the one or the other: see scene_check().
 *
 *   test_kill                              what CI runs: every point with one stream, and the second pass
 *   test_kill --soak                       all of it with one and two streams
 *   test_kill --pass N SCENARIO JOBS       pass 0, 1 or 2 of that job, with a number of streams
 *   test_kill SCENARIO JOBS POINT [POINT]  that point alone, and one of recovery; one that is not reached lists them all
 *
 * With more than one stream the numbering varies from run to run; the first run that ends by itself ends the sweep.
 */
#include "faults/points.h"
#include "faults/scenarios.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* A sweep is divided among so many processes, each with a server of its own. */
#define SLICES 2
#define NEVER 1000000

enum pass { FIRST_PASS, SECOND_PASS, SECOND_PASS_IN_FULL };

static struct work {
    const struct scenario *scenario;
    uint32_t jobs;
    enum pass pass;
    unsigned slice, slices;
    unsigned point, recovery_point; /* these alone, or 0 */
    const char *result;             /* path: counts are written here */
} work;

struct counts {
    unsigned points, undone, finished;
};

static struct scene scene;

/* ---- one run ---- */

static void name_place(const char *of, unsigned number)
{
    struct points points;
    size_t length = strlen(scene.where);

    points_read(scene.points, &points);
    assert_true(points.count > 0);
    const struct point *last = &points.list[points.count - 1];
    snprintf(scene.where + length, sizeof scene.where - length, "; %s killed at point %u (%s: %s)", of, number,
             last->step, last->what);
    points_free(&points);
}

/* Whether the point was reached. */
static bool act_until(unsigned number)
{
    scene_reset(&scene);
    snprintf(scene.where, sizeof scene.where, "%s, streams: %u", scene.scenario->name, work.jobs);
    enum scene_end end = scene_run(&scene, "--act", work.jobs, number);
    name_place("the job", number);
    if (end == SCENE_FAILED)
        fail_msg("it failed by itself");
    /* Every other job that waits, or waited, is released when nobody is there any more to see it. */
    if (end == SCENE_KILLED && scene.scenario->held && number % 2 != 0 &&
        scene_run(&scene, "--release", work.jobs, 0) != SCENE_DONE)
        fail_msg("the release failed");
    return end == SCENE_KILLED;
}

static bool recover_until(unsigned number)
{
    enum scene_end end = scene_run(&scene, "--recover", work.jobs, number);

    if (number != 0)
        name_place("recovery", number);
    if (end == SCENE_FAILED)
        fail_msg("recovery failed");
    return end == SCENE_KILLED;
}

/* Recovers whatever is left, and checks. */
static void settle(struct counts *counts)
{
    recover_until(0);
    *(scene_check(&scene) ? &counts->finished : &counts->undone) += 1;
    scene.where[0] = '\0';
}

/* ---- first pass ---- */

static void kill_at_every_point(struct counts *counts)
{
    unsigned number = work.slice + 1;

    for (; act_until(number); number += work.slices) {
        settle(counts);
        counts->points++;
    }
    /* It ended by itself: there is nothing to recover. */
    assert_true(scene_check(&scene));
    scene.where[0] = '\0';
}

/* ---- second pass ---- */

/* The middle of each step, and what changes production or the records from the swap on; of a backup taken by itself, the throwaway
   database or the records. */
static bool is_representative(const struct points *points, unsigned index)
{
    const struct point *point = &points->list[index];
    unsigned first = index, last = index;
    bool late = strcmp(point->step, "swap") == 0 || strcmp(point->step, "finish") == 0 ||
                strcmp(point->step, "completed") == 0 || strcmp(point->step, "verifying") == 0 ||
                strcmp(point->step, "verified") == 0;

    if (late && (strncmp(point->what, "committed ", 10) == 0 || strncmp(point->what, "sent ", 5) == 0))
        return true;
    while (first > 0 && strcmp(points->list[first - 1].step, point->step) == 0)
        first--;
    while (last + 1 < points->count && strcmp(points->list[last + 1].step, point->step) == 0)
        last++;
    return index == (first + last) / 2;
}

/* Recovery is killed at its first point, goes on and is killed at its second, and so on until it gets through. */
static void kill_recovery_again_and_again(unsigned point, struct counts *counts)
{
    if (!act_until(point))
        return;
    size_t length = strlen(scene.where);
    for (unsigned number = 1; recover_until(number); number++) {
        scene.where[length] = '\0';
        counts->points++;
    }
    scene.where[length] = '\0';
    settle(counts);
}

/* Each time from the beginning: the job killed at its point, recovery at one of its own, and run again. */
static void kill_recovery_everywhere(unsigned point, struct counts *counts)
{
    for (unsigned number = 1;; number++) {
        if (!act_until(point))
            return;
        bool reached = recover_until(number);
        settle(counts);
        if (!reached)
            return;
        counts->points++;
    }
}

static void kill_recovery(struct counts *counts)
{
    struct points points;
    unsigned chosen = 0;

    assert_false(act_until(NEVER));
    assert_true(scene_check(&scene));
    points_read(scene.points, &points);
    for (unsigned i = 0; i < points.count; i++) {
        if (!is_representative(&points, i) || chosen++ % work.slices != work.slice)
            continue;
        if (work.pass == SECOND_PASS)
            kill_recovery_again_and_again(points.list[i].number, counts);
        else
            kill_recovery_everywhere(points.list[i].number, counts);
    }
    points_free(&points);
}

/* ---- points by hand ---- */

static void list_points(void)
{
    struct points points;

    points_read(scene.points, &points);
    for (unsigned i = 0; i < points.count; i++)
        printf("%u\t%s\t%s\n", points.list[i].number, points.list[i].step, points.list[i].what);
    points_free(&points);
}

static void kill_by_hand(struct counts *counts)
{
    if (!act_until(work.point != 0 ? work.point : NEVER))
        list_points();
    else if (work.recovery_point != 0 && !recover_until(work.recovery_point))
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
    struct counts counts = {0, 0, 0};

    (void)state;
    if (work.result == NULL)
        kill_by_hand(&counts);
    else if (work.pass == FIRST_PASS)
        kill_at_every_point(&counts);
    else
        kill_recovery(&counts);
    if (work.result != NULL) {
        FILE *file = fopen(work.result, "we");
        assert_non_null(file);
        fprintf(file, "%u %u %u\n", counts.points, counts.undone, counts.finished);
        assert_int_equal(fclose(file), 0);
    }
}

static int run_here(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_point_is_survived, open_scene, close_scene)};

    return cmocka_run_group_tests_name(work.scenario->name, tests, NULL, NULL) != 0;
}

/* ---- all processes of a sweep ---- */

static pid_t start_slice(const struct work *sweep, unsigned slice, const char *result)
{
    char jobs[16], pass[16], number[16];
    pid_t parent = getpid(), pid = fork();

    assert_true(pid >= 0);
    if (pid > 0)
        return pid;
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent)
        _exit(127);
    snprintf(jobs, sizeof jobs, "%u", sweep->jobs);
    snprintf(pass, sizeof pass, "%d", (int)sweep->pass);
    snprintf(number, sizeof number, "%u", slice);
    execl("/proc/self/exe", "test_kill", "--slice", sweep->scenario->name, jobs, pass, number, result,
          (char *)NULL);
    _exit(127);
}

static void add_result(const char *path, struct counts *all)
{
    struct counts counts;
    FILE *file = fopen(path, "re");

    if (file == NULL)
        fail_msg("a slice ended without a result");
    assert_int_equal(fscanf(file, "%u %u %u", &counts.points, &counts.undone, &counts.finished), 3);
    fclose(file);
    all->points += counts.points;
    all->undone += counts.undone;
    all->finished += counts.finished;
}

static void a_sweep_is_survived(void **state)
{
    static const char *const passes[] = {"", ", recovery killed too", ", recovery killed everywhere"};
    const struct work *sweep = *state;
    struct counts all = {0, 0, 0};
    pid_t pids[SLICES];
    char *results[SLICES];
    int failed = 0;

    for (unsigned i = 0; i < SLICES; i++) {
        results[i] = shop_format("%s/result", cluster_temp_dir());
        pids[i] = start_slice(sweep, i, results[i]);
    }
    for (unsigned i = 0; i < SLICES; i++) {
        int status = -1;
        waitpid(pids[i], &status, 0);
        failed += status != 0;
    }
    assert_int_equal(failed, 0);
    for (unsigned i = 0; i < SLICES; i++) {
        add_result(results[i], &all);
        free(results[i]);
    }
    assert_true(all.undone > 0 && all.finished > 0);
    printf("%s, streams: %u%s: %u points, all survived (%u undone, %u finished)\n", sweep->scenario->name,
           sweep->jobs, passes[sweep->pass], all.points, all.undone, all.finished);
    fflush(stdout);
}

static int run_sweep(const struct scenario *scenario, uint32_t jobs, enum pass pass)
{
    struct work sweep = {.scenario = scenario, .jobs = jobs, .pass = pass};
    const struct CMUnitTest tests[] = {{"every_point_is_survived", a_sweep_is_survived, NULL, NULL, &sweep}};

    return cmocka_run_group_tests_name(scenario->name, tests, NULL, NULL);
}

static int run_sweeps(bool soak)
{
    int failed = 0;

    for (const struct scenario *scenario = scenarios; scenario->name != NULL; scenario++)
        for (uint32_t jobs = 1; jobs <= (soak ? 2u : 1u); jobs++)
            for (enum pass pass = FIRST_PASS; pass <= (soak ? SECOND_PASS_IN_FULL : SECOND_PASS); pass++)
                failed += run_sweep(scenario, jobs, pass);
    return failed != 0;
}

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

static unsigned number_of(int argc, char **argv, int index, unsigned otherwise)
{
    return index < argc ? (unsigned)strtoul(argv[index], NULL, 10) : otherwise;
}

int main(int argc, char **argv)
{
    if (argc == 9 && strncmp(argv[1], "--", 2) == 0)
        return scene_child(argc, argv, scenarios);
    if (argc == 1 || strcmp(argv[1], "--soak") == 0)
        return run_sweeps(argc > 1);
    if (strcmp(argv[1], "--slice") == 0 && argc == 7) {
        work = (struct work){.scenario = scenario_named(argv[2]),
                             .jobs = number_of(argc, argv, 3, 1),
                             .pass = (enum pass)number_of(argc, argv, 4, 0),
                             .slice = number_of(argc, argv, 5, 0),
                             .slices = SLICES,
                             .result = argv[6]};
        return run_here();
    }
    if (strcmp(argv[1], "--pass") == 0 && argc == 5)
        return run_sweep(scenario_named(argv[3]), number_of(argc, argv, 4, 1),
                         (enum pass)number_of(argc, argv, 2, 0)) != 0;
    work = (struct work){.scenario = scenario_named(argv[1]),
                         .jobs = number_of(argc, argv, 2, 1),
                         .slices = 1,
                         .point = number_of(argc, argv, 3, 0),
                         .recovery_point = number_of(argc, argv, 4, 0)};
    return run_here();
}
