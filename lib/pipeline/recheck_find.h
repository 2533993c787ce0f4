/*
 * What recovery finds when it holds a project against its server: the jobs that overwrote production, as the store has them, and how
 * production stands. Nothing is changed here.
 */
#ifndef CUTOVER_PIPELINE_RECHECK_FIND_H
#define CUTOVER_PIPELINE_RECHECK_FIND_H

#include "job/host.h"
#include "model/promotion.h"
#include "pipeline/recheck_silent.h"
#include "postgres/swap/standing.h"

/* Jobs over production that have ended, oldest first. */
struct past {
    struct promotion_record *jobs;
    size_t count, capacity;
};

enum finding {
    FOUND_STANDS,     /* production is what the store says, or nothing of the store is about it */
    FOUND_LOST,       /* what was completed is not there */
    FOUND_TAKEN_BACK, /* nor is this, but what had come in still is, under a name that a person gave it */
    FOUND_LEFT,       /* a job's fence or door */
    FOUND_CLOSED,     /* a door that nobody of ours closed, as far as can be told */
    FOUND_ABSENT,     /* nobody bears production's name */
    FOUND_OTHER       /* a database that no job of this store made */
};

struct recheck {
    struct host *host;
    const char *project_id;
    uint32_t connect_timeout_s;
    struct recheck_silent *silent; /* not asked, and where one comes to that does not answer; may be NULL */
    struct project project;
    const char *production; /* its name */
    struct session *control;
    struct past past;
    size_t steps; /* how many of the newest that swapped are to be taken back to get at what the server holds */
    size_t lost;  /* that many, where they are lost */
    bool forgotten; /* and the server itself has them as before their swap: nobody took them back by hand */
    struct standing standing;
    enum finding finding;
};

/* Asks the platform, connects, reads the store, looks. CUTOVER_E_LOCKED: a job of this store is at work. recheck_free() also after a
   failure. */
cutover_status recheck_look(struct recheck *recheck, cutover_error **error);
/* Looks again, by the session that is there: under locks that were taken since, it may be another world. */
cutover_status recheck_look_again(struct recheck *recheck, cutover_error **error);
void recheck_free(struct recheck *recheck);

/* The newest job, whatever became of it; NULL: none. */
const struct promotion_record *recheck_newest(const struct recheck *recheck);
/* The next older one that swapped than index `from` (first: past.count); NULL: none. */
const struct promotion_record *recheck_older(const struct recheck *recheck, size_t *from);

#endif
