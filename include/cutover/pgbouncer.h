/**
 * PgBouncer in front of production: a platform's hooks (cutover/platform.h) that hold its clients while production's sessions are
 * ended, so that they wait instead of getting an error.
 */
#ifndef CUTOVER_PGBOUNCER_H
#define CUTOVER_PGBOUNCER_H

#include <cutover/platform.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CUTOVER_PGBOUNCER_OPTIONS_VERSION 1

/** How to get at the instances, and for how long. */
typedef struct cutover_pgbouncer_options {
    unsigned version; /**< CUTOVER_PGBOUNCER_OPTIONS_VERSION. */
    /** conninfos of the admin consoles, of a user in admin_users, ended by a NULL; each names its host itself, the database in it is ignored. They are in front
        of every project; those of cutover_project.pgbouncers are one project's. NULL: only these. */
    const char *const *consoles;
    uint32_t
        pause_timeout_ms; /**< How long a pause may wait for clients' transactions; 0: 5000. At most 3600000. */
    /** Not 0: clients of every project wait from the moment that production refuses writes to the end of the job, readers too: nobody
        gets an error, of whatever version PgBouncer is, as long as that is shorter than its query_wait_timeout (120 s). hold_fence of
        cutover_project is for one. */
    int32_t hold_fence;
} cutover_pgbouncer_options;

#define CUTOVER_PGBOUNCER_OPTIONS_INIT                                                                         \
    {                                                                                                          \
        CUTOVER_PGBOUNCER_OPTIONS_VERSION, NULL, 0, 0                                                          \
    }

/** Same as CUTOVER_PGBOUNCER_OPTIONS_INIT, for FFI. CUTOVER_E_UNSUPPORTED for an unknown version. Since 0.1. */
CUTOVER_API cutover_status cutover_pgbouncer_options_init(cutover_pgbouncer_options *options, unsigned version);

/**
 * Fills a platform vtable that is the inner one, with hooks that pause every instance, and let it go.
 *
 * In an instance every database that leads to a database of production's name is paused: new transactions wait, and those that run
 * get pause_timeout_ms. What PAUSE answers is not believed: it waits for other databases too, and after a WAIT_CLOSE it waits for
 * nobody; the console is asked who is left. A transaction that stays fails the job, but in session pooling, where clients keep
 * their server connection for good: those that are connected lose it, as without a pooler. After that each instance is let go in
 * every case, tried for as long as pause_timeout_ms, by recovery too; what it keeps of the parameters that a server told is
 * forgotten (RECONNECT). Where it sets default_transaction_read_only for its clients (1.26 and later, and by
 * track_extra_parameters) that can be done only by ending their connections to it, when production begins to refuse writes and when
 * it ceases to (KILL); unless hold_fence is set, under which nobody sees either value.
 *
 * Hooks of the inner platform are called too: before ours to pause, after ours to resume.
 * @param inner Copied; what it points to must outlive the wrap.
 * @param options Copied; NULL: only what projects name.
 * @param platform Initialised before (CUTOVER_PLATFORM_INIT), of version 2 at least; ended with cutover_platform_pgbouncer_unwrap().
 * @return CUTOVER_OK, CUTOVER_E_INVALID (which field and why), CUTOVER_E_UNSUPPORTED, CUTOVER_E_NOMEM. Since 0.1.
 */
CUTOVER_API cutover_status cutover_platform_pgbouncer_wrap(const cutover_platform *inner,
                                                           const cutover_pgbouncer_options *options,
                                                           cutover_platform *platform, cutover_error **error);
/** Frees what a wrap holds, and empties the vtable; one that is no wrap, and NULL, is nothing. The inner platform stays. Since 0.1. */
CUTOVER_API void cutover_platform_pgbouncer_unwrap(cutover_platform *platform);

#ifdef __cplusplus
}
#endif
#endif
