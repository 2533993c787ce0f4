#include "faults/course.h"

#include "faults/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool point_is_open(const struct point *point)
{
    return point_is(point, "sent") || point_is(point, "spawned");
}

/* ---- recording ---- */

struct marks {
    char **list;
    unsigned count;
};

static void add_mark(struct scene *scene, void *context)
{
    struct marks *marks = context;

    marks->list = realloc(marks->list, (marks->count + 1) * sizeof *marks->list);
    assert_non_null(marks->list);
    marks->list[marks->count++] = state_mark(scene);
}

static void marks_free(struct marks *marks)
{
    for (unsigned i = 0; i < marks->count; i++)
        free(marks->list[i]);
    free(marks->list);
}

/* From a point to another one. */
static void check_changed(const struct course *course, unsigned from, unsigned to)
{
    if (course->runs[from] == course->runs[to])
        fail_msg("no change was seen from point %u (%s) to %u (%s)", from + 1, course->points.list[from].what,
                 to + 1, course->points.list[to].what);
}

/* Whether the control session's transaction is open: what is done in one shows when it has ended, if at all. */
static bool is_open_after(const struct point *point, bool open)
{
    static const char to_control[] = "postgres ";
    const char *sql = point->what + strlen("send ");

    if ((!point_is(point, "send") && !point_is(point, "sent")) ||
        strncmp(sql, to_control, strlen(to_control)) != 0)
        return open;
    sql += strlen(to_control);
    if (strncmp(sql, "BEGIN", 5) == 0)
        return strstr(sql, "; COMMIT") == NULL;
    return open && strncmp(sql, "COMMIT", 6) != 0 && strncmp(sql, "ROLLBACK", 8) != 0;
}

/* Whoever sees nothing would choose next to nothing. */
static void check_sight(const struct course *course)
{
    unsigned commits = 0, databases = 0, files = 0;
    bool open = false;

    for (unsigned i = 1; i + 1 < course->points.count; i++) {
        const struct point *point = &course->points.list[i];
        open = is_open_after(point, open);
        if (strncmp(point->what, "committed CUTOVER_OK ", 21) == 0) {
            unsigned from = i - 1;
            while (from > 0 && !point_is(&course->points.list[from], "commit"))
                from--;
            check_changed(course, from, i);
            commits++;
        } else if (point_is(point, "sent") && !open && strstr(point->what, " DATABASE ") != NULL) {
            check_changed(course, i - 1, i + 1);
            databases++;
        } else if (point_is(point, "renamed") || point_is(point, "made")) {
            check_changed(course, i - 1, i);
            files++;
        }
    }
    assert_true(commits > 0 && databases + files > 0);
}

static void allocate(struct course *course)
{
    course->runs = calloc(course->points.count + 1, sizeof *course->runs);
    course->chosen = calloc(course->points.count + 1, sizeof *course->chosen);
    assert_true(course->runs != NULL && course->chosen != NULL);
}

/* Whether the swap was tried once: not again, because somebody was still inside when the door had closed. */
static bool is_swapped_at_once(const struct points *points)
{
    unsigned taken_back = 0, tries = 0;

    for (unsigned i = 0; i < points->count; i++) {
        const struct point *point = &points->list[i];
        if (!point_is(point, "send"))
            continue;
        if (strstr(point->what, "ALLOW_CONNECTIONS false") != NULL)
            taken_back = 0;
        else if (tries == 0 && strstr(point->what, " ROLLBACK") != NULL)
            taken_back++;
        else
            tries += strstr(point->what, "RENAME TO \"cutover_old") != NULL;
    }
    return tries <= 1 && (tries == 0 || taken_back == 0);
}

/* Once through; false when it went a way that others seldom go. */
static bool walk_whole(struct scene *scene, uint32_t jobs, struct marks *marks, struct course *course)
{
    scene_reset(scene);
    assert_int_equal(scene_walk(scene, jobs, add_mark, marks), SCENE_DONE);
    assert_true(scene_check(scene));
    points_read(scene->points, &course->points);
    assert_int_equal(course->points.count, marks->count);
    if (is_swapped_at_once(&course->points))
        return true;
    points_free(&course->points);
    marks_free(marks);
    *marks = (struct marks){NULL, 0};
    return false;
}

#define RECORDINGS 5

void course_record(struct scene *scene, uint32_t jobs, struct course *course)
{
    struct marks marks = {NULL, 0};
    unsigned recordings = 1;

    *course = (struct course){.run_count = 0};
    snprintf(scene->where, sizeof scene->where, "%s, recorded", scene->scenario->name);
    while (!walk_whole(scene, jobs, &marks, course))
        if (recordings++ == RECORDINGS)
            fail_msg("%s: the swap is tried again in each of %d runs", scene->scenario->name, RECORDINGS);
    allocate(course);
    for (unsigned i = 0; i < marks.count; i++) {
        if (i > 0 && strcmp(marks.list[i], marks.list[i - 1]) != 0)
            course->run_count++;
        course->runs[i] = course->run_count;
    }
    course->run_count++;
    marks_free(&marks);
    check_sight(course);
    scene->where[0] = '\0';
}

/* ---- choosing ---- */

static void choose(struct course *course, unsigned index)
{
    course->chosen_count += !course->chosen[index];
    course->chosen[index] = true;
}

/* Steele, Lea and Flood's SplitMix. */
static uint64_t scattered(uint64_t number)
{
    number += UINT64_C(0x9e3779b97f4a7c15);
    number = (number ^ (number >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    number = (number ^ (number >> 27)) * UINT64_C(0x94d049bb133111eb);
    return number ^ (number >> 31);
}

bool course_chance(unsigned run, uint64_t seed, unsigned one_in)
{
    return scattered(scattered(seed) + run) % one_in == 0;
}

struct share {
    bool whole, passed_over;
};

/* Of those from `begin` to before `end` that are not open: both ends and one between them, one of these alone, or none. */
static void choose_of_run(struct course *course, const bool *open, unsigned begin, unsigned end, uint64_t seed,
                          struct share share)
{
    unsigned settled = 0, index = 0;

    for (unsigned i = begin; i < end; i++)
        settled += !open[i];
    unsigned between = settled > 2 ? 1 + (unsigned)(scattered(seed + begin) % (settled - 2)) : 0;
    const unsigned ends[] = {0, between, settled - 1};
    unsigned alone = ends[scattered(seed ^ begin) % 3];
    for (unsigned i = begin; i < end; i++) {
        if (open[i]) {
            choose(course, i);
            continue;
        }
        if (share.whole ? index == 0 || index == between || index + 1 == settled
                        : index == alone && !share.passed_over)
            choose(course, i);
        index++;
    }
}

bool *points_left_open(const struct points *points)
{
    bool *open = calloc(points->count + 1, sizeof *open), within = false;

    assert_non_null(open);
    for (unsigned i = 0; i < points->count; i++) {
        within = is_open_after(&points->list[i], within);
        open[i] = point_is_open(&points->list[i]) && !within;
    }
    return open;
}

void course_choose(struct course *course, uint64_t seed, unsigned whole_in, unsigned one_in)
{
    bool *open = points_left_open(&course->points);
    unsigned end;

    for (unsigned begin = 0; begin < course->points.count; begin = end) {
        end = begin + 1;
        while (end < course->points.count && course->runs[end] == course->runs[begin])
            end++;
        unsigned run = course->runs[begin];
        choose_of_run(course, open, begin, end, seed,
                      (struct share){course_chance(run, seed, whole_in), !course_chance(run, seed, one_in)});
    }
    free(open);
}

void course_choose_all(struct course *course)
{
    for (unsigned i = 0; i < course->points.count; i++)
        choose(course, i);
}

/* ---- on disk ---- */

void course_write(const struct course *course, const char *path)
{
    FILE *file = fopen(path, "we");

    assert_non_null(file);
    for (unsigned i = 0; i < course->points.count; i++) {
        const struct point *point = &course->points.list[i];
        fprintf(file, "%u %d %u %u.%u %s %s\n", course->runs[i], course->chosen[i], point->number,
                point->place.major, point->place.minor, point->step, point->what);
    }
    assert_int_equal(fclose(file), 0);
}

static void add_point(struct course *course, struct point point, unsigned run, bool chosen)
{
    unsigned count = course->points.count;

    course->points.list = realloc(course->points.list, (count + 1) * sizeof point);
    course->runs = realloc(course->runs, (count + 1) * sizeof run);
    course->chosen = realloc(course->chosen, (count + 1) * sizeof chosen);
    assert_true(course->points.list != NULL && course->runs != NULL && course->chosen != NULL);
    course->points.list[count] = point;
    course->runs[count] = run;
    course->chosen[count] = chosen;
    course->points.count++;
    course->run_count = run + 1;
    course->chosen_count += chosen;
}

void course_read(struct course *course, const char *path)
{
    FILE *file = fopen(path, "re");
    struct point point;
    unsigned run;
    int chosen;
    char step[64], what[256];

    assert_non_null(file);
    *course = (struct course){.run_count = 0};
    while (fscanf(file, "%u %d %u %u.%u %63s %255[^\n]", &run, &chosen, &point.number, &point.place.major,
                  &point.place.minor, step, what) == 7) {
        point.step = shop_format("%s", step);
        point.what = shop_format("%s", what);
        add_point(course, point, run, chosen != 0);
    }
    assert_true(feof(file));
    fclose(file);
}

void course_free(struct course *course)
{
    points_free(&course->points);
    free(course->runs);
    free(course->chosen);
}
