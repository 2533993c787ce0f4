/*
 * The course of a job: the points that it reaches, in runs. Between the points of a run nothing was changed in the store, on the
 * server or in a file, so that a kill leaves the same at each of them; which is enough to kill at a few. What is changed is seen, not
 * concluded from the calls: the job waits at each point while the state is looked at.
 */
#ifndef CUTOVER_TESTS_COURSE_H
#define CUTOVER_TESTS_COURSE_H

#include "faults/points.h"
#include "faults/scene.h"

struct course {
    struct points points;
    unsigned *runs; /* of each point, from 0 */
    bool *chosen;
    unsigned run_count, chosen_count;
};

/* A statement or a program is under way, so that it is open what a kill leaves. */
bool point_is_open(const struct point *point);
/* For each point, whether it is, and is not undone with its session: of what a transaction does, only its end is under way. To be
   freed. */
bool *points_left_open(const struct points *points);

/* Has the job go through, and asserts that each change that a call must make was seen. */
void course_record(struct scene *scene, uint32_t jobs, struct course *course);
/* Whether a run is of the one in so many (a power of two) that this seed picks: of those in more, all are of those in fewer. */
bool course_chance(unsigned run, uint64_t seed, unsigned one_in);
/* Of one run in `whole_in`, by chance, its first and last point and one between them, another one for each seed; of one in `one_in` at
   least one of these three, as each leaves the same; and each that is open. Both are powers of two, `one_in` the smaller. */
void course_choose(struct course *course, uint64_t seed, unsigned whole_in, unsigned one_in);
void course_choose_all(struct course *course);

void course_write(const struct course *course, const char *path);
void course_read(struct course *course, const char *path);
void course_free(struct course *course);

#endif
