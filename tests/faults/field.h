/*
 * The field on which faults strike: production and its preview on two servers, each behind a network that can fail, a store
 * and a repository that can, too, and programs that stand in for pg_dump and pg_restore. One promotion at a time runs
 * there; something strikes at a moment of it, and is gone when it has ended. Then everything must be one of two things.
 */
#ifndef CUTOVER_TESTS_FIELD_H
#define CUTOVER_TESTS_FIELD_H

#include "faults/proxy.h"
#include "support/shop.h"

struct field;

/* When a blow strikes: when the step is told, or with the first statement that contains `sql` from then on. */
struct moment {
    const char *step; /* NULL: from the beginning */
    const char *sql;  /* NULL: when the step is told */
    bool after;       /* the statement was sent, and its answer not yet read */
    bool whole;       /* `sql` is all of it */
};

struct blow {
    const char *name;
    void (*strike)(struct field *field);
    void (*heal)(struct field *field); /* after the promotion's end; NULL: nothing to do */
    bool cancelled;                    /* the promotion is cancelled from another thread soon after */
};

/* What the store answers instead of committing. */
enum store_fault { STORE_SOUND, STORE_CONFLICT, STORE_CONFLICT_APPLIED, STORE_FAILS, STORE_FAILS_APPLIED };

/* What the repository answers: instead of doing it, or (applied) having done it; or the store, from when it has done it. */
enum repository_fault {
    REPOSITORY_SOUND,
    REPOSITORY_CREATE_FAILS,
    REPOSITORY_REMOVE_OBJECT_FAILS,
    REPOSITORY_PUBLISH_FAILS,
    REPOSITORY_PUBLISH_FAILS_APPLIED,
    REPOSITORY_PUBLISHES_AND_STORE_FAILS,  /* its next commit */
    REPOSITORY_PUBLISHES_AND_STORE_IS_GONE /* all commits, until the promotion has ended */
};

enum ending {
    ENDING_REFUSED,   /* before it had claimed anything */
    ENDING_CANCELLED, /* likewise as it was, and the request can be promoted again */
    ENDING_FAILED,    /* production is as it was, and the promotion says so */
    ENDING_COMPLETED, /* production has the preview's contents, and the promotion says so */
    ENDING_UNDONE,    /* it said that recovery is needed, which undid it */
    ENDING_FINISHED   /* it said that recovery is needed, which finished it */
};
#define ENDINGS 6

struct field {
    struct cluster *production, *previews;
    struct proxy *road, *previews_road;
    struct shop shop; /* its engine is the field's own */
    bool open;
    char *tablespace; /* of production; NULL: the usual one */
    /* The ports that can fail. */
    cutover_store store;
    cutover_repository repository;
    pthread_mutex_t mutex; /* guards what follows, up to struck */
    enum store_fault store_fault;
    unsigned commits, fault_at, fault_count; /* which commit fails first (from 1), and how many do */
    unsigned commits_made;                   /* by the last promotion */
    unsigned backup_moved_at;                /* which of them moved the backup's record on for the first time */
    bool repository_full;
    enum repository_fault repository_fault;
    bool struck;
    char *tools; /* pg_bin_dir */
    /* Production of now. */
    unsigned generation;
    char *project, *old_dump, *new_dump, *properties;
    bool spent;
    /* The promotion that runs. */
    const struct moment *moment;
    const struct blow *blow;
    char *request_id;
    cutover_promotion *job;
    bool in_step;
    bool written; /* in a moment of the catch-up, so that there is something to read again */
    cutover_verify_method verify;
    cutover_fence fence;
    unsigned endings[ENDINGS];
    char where[256];
    char told[1024], sqlstate[8]; /* its error */
};

extern const char *const field_steps[]; /* of a promotion that can be struck, ended by NULL */
/* Whether every combination is wanted, and not only those that CI has the time for. */
bool field_soak(void);
/* A name space of mounts that goes with this process: nothing else sees what it mounts. False when it may not. */
bool field_own_mounts(void);

/* `settings` are for both servers. To be called while the program has one thread only. */
void field_open(struct field *field, const char *settings);
void field_close(struct field *field);
/* The tablespace in which the next productions lie; NULL: the usual one. */
void field_settle_in(struct field *field, const char *tablespace);

/* Opens the repository anew: something else lies at its path. */
void field_reopen_repository(struct field *field);
/* Drops what production is now: the next fault gets another. */
void field_leave(struct field *field);

/* Runs a promotion on which the blow strikes, heals, recovers where it was told to, and asserts everything that must be true
   then. A blow that never struck fails the test. */
enum ending field_strike(struct field *field, const struct moment *moment, const struct blow *blow);
/* A sound promotion, how many commits it makes. */
unsigned field_count_commits(struct field *field);
/* Says how often each ending came. */
void field_tell(struct field *field, const char *what);

#endif
