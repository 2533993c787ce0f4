/*
 * One instance of PgBouncer in front of production: asked to pause, waited for, and let go, by its console
 * (platform/pgbouncer_console.h). How and why in that order is told in platform/pgbouncer.c.
 */
#ifndef CUTOVER_PLATFORM_PGBOUNCER_INSTANCE_H
#define CUTOVER_PLATFORM_PGBOUNCER_INSTANCE_H

#include "platform/pgbouncer_console.h"

/* The console's words for a database that an instance does not know: nobody comes through that. */
#define PGBOUNCER_NO_SUCH "no such database"

struct pgbouncer {
    const struct conninfo *conninfo;
    struct console console;
    char **names;            /* its databases that lead to production */
    struct console *pausing; /* one for each, while it is asked to pause */
    size_t count;
};

/* Asks which databases lead to a database of production's name. Closed with pgbouncer_close(), also after a failure of what follows.
   `cancel` (may be NULL) and the deadline are for all that is asked of it. */
cutover_status pgbouncer_open(const struct conninfo *conninfo, const char *production, int64_t deadline_us,
                              const struct cancel *cancel, struct pgbouncer *instance, cutover_error **error);
void pgbouncer_close(struct pgbouncer *instance);
bool pgbouncer_has(const struct pgbouncer *instance, const char *name);

/* Sends PAUSE for each of its databases, and waits for nothing. */
cutover_status pgbouncer_ask_pause(struct pgbouncer *instance, cutover_error **error);
/* Until all of them are paused and no transaction is left in them, for at most so long: CUTOVER_E_CALLBACK; CUTOVER_E_CANCELLED. */
cutover_status pgbouncer_wait_paused(struct pgbouncer *instance, int64_t timeout_ms, cutover_error **error);

struct letting_go {
    const char *production;
    bool
        fence; /* what a session is told of default_transaction_read_only has changed, and clients may have seen it */
};

/* Forgets what is to be forgotten, and resumes, on a console of its own. What is not paused is no failure. */
cutover_status pgbouncer_let_go(const struct conninfo *conninfo, const struct letting_go *letting_go,
                                int64_t deadline_us, cutover_error **error);

#endif
