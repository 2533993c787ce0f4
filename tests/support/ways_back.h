/*
 * The ways back as tests go them: a small project that is cut over, its rollback, backups and restores, and the databases
 * that these displace.
 */
#ifndef CUTOVER_TESTS_WAYS_BACK_H
#define CUTOVER_TESTS_WAYS_BACK_H

#include "support/shop.h"

extern const cutover_actor shop_org_admin;

/* Databases NAME_production and NAME_preview of a few tables, project NAME with preview NAME, a request that is acked. */
char *small_ready(struct shop *shop, const char *name);
/* Likewise, and promoted; the id of the completed request. */
char *small_promoted(struct shop *shop, const char *name);
/* The small production's SQL: generation holds "old"; the preview's: "new". */
const char *small_production_sql(void);

/* Starts a rollback and expects it to be possible, and its writes to be as said. */
cutover_rollback *rollback_started(struct shop *shop, const char *request_id, bool discard_writes,
                                   cutover_writes writes);
/* Expects start to refuse; the error is the caller's. */
cutover_error *rollback_refused(struct shop *shop, const cutover_actor *actor, const char *request_id,
                                cutover_status expected);
/* Runs it and frees it. */
struct outcome rollback_run_out(cutover_rollback *job);

/* A verified backup of a project; its id, malloc'd. */
char *backup_taken(struct shop *shop, const char *project_id);

struct shop_restore {
    const char *backup_id, *preview_id, *project_id;
    bool confirm;
    const cutover_actor *actor;    /* NULL: who may */
    cutover_engine *engine;        /* NULL: the shop's */
    cutover_verify_method verify;  /* 0: readback */
    const struct shop_hook *hooks; /* ended by a NULL step */
};

/* Starts and runs; report is NULL when start refused. */
struct outcome shop_restore(struct shop *shop, const struct shop_restore *restore);

/* The project's displaced databases as "NAME REQUEST" lines, oldest first; malloc'd. */
char *displaced_names(struct shop *shop, const char *project_id);
/* The first of them, which must be the only one. */
char *displaced_only(struct shop *shop, const char *project_id);

/* A value from pg_database of one database, as text; "" when it is not there. */
char *database_fact(struct cluster *cluster, const char *database, const char *expression);
/* Asserts that a database is closed, opens it, and gives what a query says inside. */
char *closed_value(struct cluster *cluster, const char *database, const char *sql);

#endif
