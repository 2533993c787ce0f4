/*
 * A shop: an engine on a SQLite store, a directory repository and a registry, all under one temporary folder, with a
 * project and its previews on throwaway servers; and what tests ask of a promotion and of what it leaves behind.
 */
#ifndef CUTOVER_TESTS_SHOP_H
#define CUTOVER_TESTS_SHOP_H

#include "support/check.h"
#include "support/cluster.h"

#include <cutover.h>

#include <json-c/json.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#define SHOP_SECOND INT64_C(1000000)

struct shop;

/* What the host's hooks were called for; a test sets the first members before it promotes. */
struct shop_traffic {
    bool pause_fails, resume_fails, sync_fails;
    void (*while_paused)(struct shop *shop,
                         void *context); /* called at the end of a pause, also of one that fails */
    void (*at_resume)(struct shop *shop, void *context);
    void *context;
    unsigned pauses, resumes, syncs;
};

struct shop {
    struct cluster *cluster; /* of production; the caller's */
    char home[256];          /* holds store.db, backups/ and work/ */
    cutover_store store;
    cutover_repository repository;
    cutover_registry *registry;
    cutover_platform known; /* the registry's */
    struct shop_traffic traffic;
    cutover_engine *engine;
    _Atomic int64_t clock_shift_us; /* added to the real time */
    _Atomic int64_t monotonic_us;   /* the engine's monotonic clock: it stands but for what a test adds */
    pthread_mutex_t log_mutex;
    char *log; /* every line that the engine logged */
    size_t log_length;
    bool shares_home;
    int descriptors, threads; /* before the shop was opened */
};

/* What became of a promotion. */
struct outcome {
    cutover_status status;
    cutover_error *error;
    struct json_object *report; /* NULL when start refused */
    char promotion_id[64];
    unsigned ticks; /* progress calls */
};

/* Called on the thread that runs, the first time that the step is told; non-zero cancels. */
struct shop_hook {
    const char *step;
    int (*act)(struct shop *shop, void *context);
    void *context;
};

struct shop_promotion {
    const char *request_id;
    uint32_t jobs;
    cutover_verify_method verify; /* 0: readback, the quicker one */
    bool hold;
    uint32_t hold_max_s, writes_refused_max_s; /* as in cutover_promotion_options */
    cutover_fence fence;                       /* likewise */
    const struct shop_hook *hooks;             /* ended by a NULL step */
    unsigned cancel_at_tick;                   /* 1: the first progress call cancels; 0: none */
};

extern const cutover_actor shop_member, shop_operator, shop_other_operator;

/* Opens on a folder of its own; `home` is that of another shop to share its store and repository, or NULL. */
void shop_open(struct shop *shop, struct cluster *cluster, const char *home);
/* Another engine of that policy in place of the shop's, which has no job. */
void shop_set_policy(struct shop *shop, uint32_t policy);
/* Closes, and asserts that nothing was left: descriptors, threads, children, temporary folders. */
void shop_close(struct shop *shop);
/* Asserts that a number in the database "postgres" is 0 within seconds: a session that was closed takes a moment to be gone. */
void check_becomes_zero(struct cluster *cluster, const char *sql);
/* Asserts that a server has no staging or throwaway database, no login of ours, no advisory lock and nobody connected, and drops the
   displaced ones. */
void shop_check_server(struct cluster *cluster);

/* cmocka's set-up and tear-down of a test that has a shop for its state, on the server that was given to shop_use(). The
   tear-down asserts what shop_close() and shop_check_server() do, of every server, and in any case takes away all that the
   test made there, so that the next one begins clean (support/sweep.h). */
void shop_use(struct cluster *cluster);
int shop_setup(void **state);
int shop_teardown(void **state);

void shop_project(struct shop *shop, const char *id, const char *conninfo);
void shop_preview(struct shop *shop, const char *id, const char *project_id, const char *conninfo,
                  int64_t expires_at);
/* Files a request with a ticket, and acks it; the id is malloc'd. */
char *shop_request(struct shop *shop, const char *project_id, const char *preview_id);
char *shop_acked(struct shop *shop, const char *project_id, const char *preview_id);
/* All of it: databases NAME_production and NAME_preview of the small schema, project NAME with preview NAME, a request
   that is acked. */
char *shop_ready(struct shop *shop, const char *name);

/* The outcome is freed with outcome_free(). */
struct outcome shop_promote(struct shop *shop, const struct shop_promotion *promotion);
/* Promotes and expects it to complete. */
struct outcome shop_promote_ok(struct shop *shop, const struct shop_promotion *promotion);
void outcome_free(struct outcome *outcome);
/* A member of the report, "a.b" for one of a member, as text; fails when it is not there. */
const char *outcome_text(const struct outcome *outcome, const char *path);

int64_t shop_now(struct shop *shop);
/* For an engine that was made with the shop as its clock's userdata: its monotonic clock is the shop's, too, and it waits for
   no server that is away. */
void shop_drive_monotonic(struct shop *shop);
/* The engine sees every lease, and by its monotonic clock 31 seconds pass in which none of them changes. */
void shop_leases_fall_silent(struct shop *shop);
/* Whether its repository holds what is no backup yet. */
bool shop_has_partials(const struct shop *shop);
/* "active", … as the platform says; malloc'd as all that follow. */
char *shop_project_state(struct shop *shop, const char *project_id);
char *shop_request_status(struct shop *shop, const char *request_id);
/* Actions of the audit trail and types of the events, oldest first, separated by spaces; what the inventory has is left out. */
char *shop_audit(struct shop *shop, const char *project_id);
char *shop_events(struct shop *shop, const char *project_id);
/* Whether any file under the home, or the log, holds these bytes. */
bool shop_holds(struct shop *shop, const char *bytes);
/* Likewise, but for files of that name. */
bool shop_holds_beside(struct shop *shop, const char *bytes, const char *file);

/* pg_dump --no-owner as text, the rows of each table sorted, without what differs from run to run. */
char *shop_dump(struct cluster *cluster, const char *database);
/* Owner, grants, settings, limit and comment of a database. */
char *shop_properties(struct cluster *cluster, const char *database);
/* Production of shop_ready(): a handful of tables; its preview is restructured and holds other rows. */
const char *shop_production_sql(void);
const char *shop_preview_sql(void);
void shop_database(struct cluster *cluster, const char *name, const char *sql);

/* Production as it was seen before a promotion; afterwards it must be the same, open and writable. */
struct untouched {
    struct cluster *cluster;
    char *database, *dump, *properties;
    long oid;
};
void untouched_look(struct untouched *untouched, struct cluster *cluster, const char *database);
/* With the project active, and the request failed with cutover.failed at the end of the audit trail, or acked again with
   cutover.promote_cancelled. */
void untouched_check(const struct untouched *untouched, struct shop *shop, const char *project_id,
                     const char *request_id);
void untouched_free(struct untouched *untouched);

/* Runs a program and expects success; prints its output otherwise. */
void shop_run(const char *const *argv);
char *shop_format(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Asserts that both are equal, and shows where they are not. */
void check_same_text(const char *found, const char *expected);

#endif
