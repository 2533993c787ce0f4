/*
 * Progress: counters that workers add to, and what the caller's thread tells the host of them.
 *
 * A job is a row of phases, each with a weight in bytes of expected work; the fraction done is that of the weights. So
 * the estimate is honest about phases that move no bytes (indexes): they have weight, too, and show when they end.
 *
 * A step may have several phases (verify reads files, loads, compares). What it tells counts up through all of them: bytes, rows
 * and tables never go back before the next step begins; a table counts once for each phase that goes through it.
 */
#ifndef CUTOVER_JOB_PROGRESS_H
#define CUTOVER_JOB_PROGRESS_H

#include "base/cancel.h"

#include <cutover/promotion.h>
#include <pthread.h>

enum phase {
    PHASE_STAGE_COPY,
    PHASE_STAGE_INDEX,
    PHASE_STAGE_ANALYZE,
    PHASE_CHECK,
    PHASE_BACKUP,
    PHASE_VERIFY_READ,
    PHASE_VERIFY_LOAD,
    PHASE_VERIFY_INDEX,
    PHASE_VERIFY_COMPARE,
    PHASE_CATCH_UP,      /* what changed since, read again */
    PHASE_CATCH_UP_READ, /* and read back */
    PHASE_LAST_READ,     /* the archive's files once more, before the swap */
    PHASE_COUNT
};

struct progress {
    pthread_mutex_t mutex; /* guards everything below */
    double weights[PHASE_COUNT];
    int phase;                  /* -1 before the first */
    uint64_t phase_bytes;       /* that it expects */
    uint64_t bytes_before;      /* and what this step's earlier phases had moved */
    double weight_done;         /* of phases that ended */
    bool ended[PHASE_COUNT];    /* one that comes again weighs no more */
    double beside[PHASE_COUNT]; /* the parts of later phases that are done already */
    double fraction_shown;      /* never goes back */
    cutover_progress now;
    int64_t began_us;
    int64_t waits_us;  /* since when it waits for a person; 0: it does not */
    int64_t waited_us; /* and for how long it did so before */
    int64_t told_us;
    cutover_progress_fn tell;
    void *tell_userdata;
    uint32_t strict;       /* CUTOVER_STRICT_ANSWERS, or 0 */
    struct cancel *cancel; /* asked when the callback says so */
};

void progress_init(struct progress *progress, cutover_progress_fn tell, void *userdata, struct cancel *cancel);
void progress_destroy(struct progress *progress);
/* Expected work of one phase, in bytes; 0 for phases that will not come. */
void progress_expect(struct progress *progress, enum phase phase, double weight);
void progress_step(struct progress *progress, const char *step); /* static string */
void progress_begin(struct progress *progress, enum phase phase, uint64_t bytes, uint32_t tables);
/* The present phase has so much more to do than was known when it began. */
void progress_more(struct progress *progress, uint64_t bytes, uint32_t tables);
void progress_add(struct progress *progress, uint64_t bytes, uint64_t rows);
void progress_table(struct progress *progress);
void progress_end(struct progress *progress);
/* From now on it waits for a person, and nobody can tell how long; or (false) it goes on. What it waited is no work. */
void progress_wait(struct progress *progress, bool waits);
/* A part (0 to 1) of a later phase was done beside the present one. */
void progress_beside(struct progress *progress, enum phase phase, double part);
void progress_copy(struct progress *progress, cutover_progress *to);
/* Into a caller's struct, as far as its version goes. */
cutover_status progress_hand_over(const cutover_progress *from, cutover_progress *to);
/* Where it stands, into a caller's struct, as far as its version goes; as cutover_promotion_progress(). */
cutover_status progress_give(struct progress *progress, cutover_progress *to);
/* As JSON, for others to read; NULL when memory is exhausted. And back: texts are the object's. */
struct json_object *progress_json(struct progress *progress);
void progress_read(struct json_object *object, cutover_progress *to);
/* On the thread that runs: tells the host, at most ten times a second, and returns CUTOVER_E_CANCELLED when the job is to
   stop. For workers.tick. `context` is the progress. */
cutover_status progress_tick(void *context, cutover_error **error);

/* Runs `act` on one worker thread while this one ticks: for acts that block long. */
cutover_status progress_while(struct progress *progress,
                              cutover_status (*act)(void *context, const struct cancel *cancel,
                                                    cutover_error **error),
                              void *context, cutover_error **error);

#endif
