/*
 * The scene of a crash: a small production and its preview on a throwaway server, a store and a repository, all of which are
 * set up once and then copied back; and everything that must be true of it once recovery has run, whenever the process died.
 */
#ifndef CUTOVER_TESTS_SCENE_H
#define CUTOVER_TESTS_SCENE_H

#include "support/shop.h"

#define SCENE_PROJECT "shop"
#define SCENE_PRODUCTION "production"

#define SCENE_EMPTY "empty" /* a preview, and its database */

/* In the environment of a child: the program, and how production is reached. */
#define SCENE_PSQL "CUTOVER_SCENE_PSQL"
#define SCENE_CONNINFO "CUTOVER_SCENE_CONNINFO"

/* What one job does to a database. */
struct scenario {
    const char *name;
    /* What was done before the job, beyond an acknowledged request: in the parent, not killed; NULL: nothing. */
    void (*arrange)(struct shop *shop, const char *request_id);
    /* The job, in the child that is killed. */
    cutover_status (*act)(cutover_engine *engine, const char *request_id, uint32_t jobs, cutover_error **error);
    /* The database whose content it replaces; NULL: none, it takes a backup. */
    const char *database;
    /* The generation of that ("old": production's first content, "new": the preview's, "empty") before it and after it. */
    const char *before, *after;
    /* The request's status when the job had not begun, when it was undone, and when it is done. */
    const char *not_begun, *undone, *done;
    /* Audit entries that it adds when it was undone, and when it is done; or NULL. */
    const char *undone_audit, *done_audit;
    /* Likewise events. */
    const char *undone_event, *done_event;
    /* It is killed from this step on; NULL: from the beginning. Before, it is the same job as that of another scenario. */
    const char *from_step;
    /* It is killed in one run in so many (see course.h); many go most of the way of a promotion. */
    unsigned one_in;
    /* It is held, and another actor releases it. */
    bool held;
    /* It puts a database aside, rather than to exchange it for one that was put aside. */
    bool displaces;
};

/* A database as it was before the job. */
struct scene_look {
    char *properties;
    long oid;
};

struct scene {
    struct cluster *cluster;
    const struct scenario *scenario;
    char *folder, *saved_home, *home, *points, *output; /* paths */
    char *request_id;
    char *old_content, *new_content; /* as they were at first */
    struct scene_look production, empty;
    char *displaced_properties;
    char *audit, *events, *backup_records; /* before the job */
    unsigned jobs_before, backups_before, displaced_before;
    bool is_spent;   /* the databases are not as they were before the job: the next reset takes the copies */
    char where[512]; /* what happened in the run that is being checked */
};

void scene_open(struct scene *scene, const struct scenario *scenario);
void scene_close(struct scene *scene);
/* Everything as it was before the job. */
void scene_reset(struct scene *scene);

/* How a child ended. */
enum scene_end { SCENE_DONE, SCENE_KILLED, SCENE_FAILED };

/* Runs this program with --act, --recover or --release (of a held job, if it is) on the scene, to be killed at a point or place
   (see points.h; "0": never). */
enum scene_end scene_run(struct scene *scene, const char *mode, uint32_t jobs, const char *target);
/* Acts, without an end before its own, and calls back at each point, in their order, while the job waits there. */
enum scene_end scene_walk(struct scene *scene, uint32_t jobs,
                          void (*at_point)(struct scene *scene, void *context), void *context);
/* In the child, which has so many arguments: does that. Returns the exit status. */
#define SCENE_CHILD_ARGUMENTS 10
int scene_child(int argc, char **argv, const struct scenario *scenarios);
/* Shows where it happened and what the last child said: for failures. */
void scene_show(const struct scene *scene);

/* Asserts everything that must be true after recovery. Returns whether the job is done (rather than undone or not begun). */
bool scene_check(struct scene *scene);

/* How many displaced databases there are; each is closed. */
unsigned scene_displaced(struct cluster *cluster);
/* Their settings and grants. */
char *scene_displaced_properties(struct cluster *cluster);
long scene_oid(struct cluster *cluster, const char *database);
/* What the scene's databases hold, as one digest. */
char *scene_content(struct cluster *cluster, const char *database);

#endif
