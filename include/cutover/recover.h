/**
 * Recovery: what a job left unfinished whose process is gone is finished, or undone; where nobody can do either, a person gives it up.
 */
#ifndef CUTOVER_RECOVER_H
#define CUTOVER_RECOVER_H

#include <cutover/actor.h>
#include <cutover/engine.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What became of one unfinished job. */
typedef enum cutover_recovered {
    CUTOVER_RECOVERED_COMPLETED = 1, /**< Its swap had happened: its records are finished now. */
    CUTOVER_RECOVERED_UNDONE =
        2, /**< It had not: production is open, writable and as it was; the job is `failed`, or `cancelled` where
                that was asked for before its process went. */
    CUTOVER_RECOVERED_RUNNING = 3, /**< It lives, or nobody can tell yet (see ask_again_s): left alone. */
    CUTOVER_RECOVERED_FAILED = 4,  /**< It could not be recovered now; the message says why. Try again. */
    CUTOVER_RECOVERED_LOST =
        5, /**< It had been completed, and is not on production's server any more: that failed over, or was restored, or, where
                what came in is gone, somebody took it back by hand; the message says what of it can be known. Production is the
                database from before it, open and writable, and the job and its request are `failed`. */
    CUTOVER_RECOVERED_DIFFERENT =
        6, /**< Production's server holds something else than the store says, or is closed: a person must look. */
    CUTOVER_RECOVERED_STANDS = 7, /**< cutover_project_look(): production is what the last job left. */
    CUTOVER_RECOVERED_ABANDONED =
        8, /**< cutover_recover_abandon(): it is given up and `failed`, and its project is free. Since 0.1. */
    CUTOVER_RECOVERED_LEFT =
        9 /**< What an abandoned job left is still there: the message says what, and why. Since 0.1. */
} cutover_recovered;

#define CUTOVER_RECOVERY_VERSION 2

/** One unfinished job; pointers are valid during the emit call only. */
typedef struct cutover_recovery {
    unsigned version; /**< CUTOVER_RECOVERY_VERSION of the library. */
    const char *
        job; /**< "promotion", "rollback", "restore", "backup" or "verification"; "abandoned" for what such a job left. */
    const char *job_id;
    const char *project_id;
    const char *request_id; /**< "" where it has none. */
    cutover_recovered outcome;
    const char *message;  /**< One line for a person. */
    uint32_t ask_again_s; /**< CUTOVER_RECOVERED_RUNNING: seconds from now, 1 to 30, after which a call with the
                                 same engine finds its job dead unless it gives a sign of life meanwhile. 0: it
                                 gave one since the engine looked last. Since version 2. */
} cutover_recovery;

/** Receives one; anything but CUTOVER_OK ends the recovery and is returned. */
typedef cutover_status (*cutover_recovery_emit)(const cutover_recovery *recovery, void *context);

/**
 * Looks at every unfinished job, and settles those that are dead. It takes the job over, ends the session of whoever may
 * still act for it, asks production's server by OID whether the swap was committed, and finishes the records or undoes the
 * rest: reopens production, lifts the fence, drops the staging and throwaway databases that the journal names, sweeps partial
 * archives, and the temporary folders that dead processes left in the engine's work folder. May be called at any time, by
 * several processes, and may itself be killed anywhere: called again, it goes on.
 *
 * Dead is a job that gave itself up because its end could not be recorded; one whose process ran on this machine and is gone;
 * and one that gave no sign of life for 30 seconds. A job gives one each 5 seconds, by writing its lease. Whether it does is
 * judged by what this engine saw, on its own monotonic clock: no clock of another machine, and no wall clock, has a say. So
 * the call never waits. It remembers: a job that may live is left alone and told as CUTOVER_RECOVERED_RUNNING, with
 * ask_again_s; called again after that, with the same engine, it knows. Call it when the host starts and each minute. Who
 * runs it once from a program that ends calls it again after ask_again_s, as `cutoverctl recover` does.
 *
 * What was recorded as ended is held against the server, too, for each project that no job is at: with NULL at the engine's first
 * call, and then once in ten minutes. A cutover that the server lost (an asynchronous standby was promoted that did not have it; a
 * backup of the whole server was restored) is told as CUTOVER_RECOVERED_LOST: production is opened, its fence lifted, what was to
 * come in dropped, and job and request become `failed` (one that was rolled back, and lost that, `completed` again), with
 * `cutover.lost`. A fence, or a door behind one, that a job of whatever host left is taken away: CUTOVER_RECOVERED_UNDONE. A door
 * that nobody can be told to have closed is CUTOVER_RECOVERED_DIFFERENT. Whoever holds the lock of project or database on that
 * server is left alone. So is what somebody put aside of what a job brought in. When all are looked at, it is after the unfinished
 * jobs, and a server that does not answer is waited for once, for 3 seconds at most.
 *
 * What abandoned jobs left is tried again: for a project that is named at each call, else with the look at all projects. What is gone
 * by then is told as CUTOVER_RECOVERED_UNDONE, what is still there, for a project that is named, as CUTOVER_RECOVERED_LEFT.
 *
 * @param project_id Only this project's jobs; NULL: all. Of one that is named the platform is asked, too: when it is
 *                   `restoring` for a job that has ended (a process was paused right before it moved the project, its job
 *                   was recovered, and it died after the move), it becomes `active` again, and emit is told of that job.
 * @param emit       Told of each unfinished job, on the calling thread; may be NULL.
 * @return CUTOVER_OK when every job was looked at, whatever became of it; CUTOVER_E_INVALID ("" is no project's id);
 *         CUTOVER_E_NOT_FOUND (a project that neither the store nor the platform knows); CUTOVER_E_STORE, _CALLBACK, _NOMEM; or what
 *         emit returned. A job whose lease cannot be read is left alone, the others are looked at, and the status is
 *         CUTOVER_E_STORE, or CUTOVER_E_UNSUPPORTED when a newer version of the library wrote it. Any thread; of two that meet one job one
 *         settles it. Since 0.1.
 */
CUTOVER_API cutover_status cutover_recover(cutover_engine *engine, const char *project_id,
                                           cutover_recovery_emit emit, void *context, cutover_error **error);

/**
 * Holds what the store says of a project against what production's server holds, as cutover_recover() does, and changes nothing.
 *
 * @param emit Called once, on the calling thread, with the job that it is about ("" where the project has had none):
 *             CUTOVER_RECOVERED_STANDS; _LOST and _DIFFERENT, for what recovery would mend or a person must; _RUNNING: a job is
 *             under way, or was left unfinished; _FAILED: it cannot be told.
 * @return CUTOVER_OK; CUTOVER_E_INVALID; CUTOVER_E_NOT_FOUND (a project that neither the store nor the platform knows);
 *         CUTOVER_E_STORE, _CALLBACK, _NOMEM; or what emit returned. Any thread. Since 0.1.
 */
CUTOVER_API cutover_status cutover_project_look(cutover_engine *engine, const char *project_id,
                                                cutover_recovery_emit emit, void *context,
                                                cutover_error **error);

/**
 * Confirms that a project's production is on another server than at its last job, on purpose. Until then preflight blocks, and every job
 * that overwrites production refuses with CUTOVER_E_STATE. The server is asked: it must be the one of that system identifier, as
 * preflight shows it. The audit entry is `project.server_confirmed`.
 *
 * @param actor             Needs CUTOVER_ROLE_OPERATOR.
 * @param system_identifier As the person read it; decimal.
 * @param reason            1 to 1000 characters, not blank.
 * @return CUTOVER_OK, also where it was known already; CUTOVER_E_INVALID, _FORBIDDEN, _NOT_FOUND (project); CUTOVER_E_CONFLICT when the
 *         connection leads to yet another server; CUTOVER_E_LOCKED while a job of the project is under way; CUTOVER_E_POSTGRES, _STORE,
 *         _CALLBACK, _NOMEM. Any thread. Since 0.1.
 */
CUTOVER_API cutover_status cutover_project_confirm_server(cutover_engine *engine, const cutover_actor *actor,
                                                          const char *project_id, const char *system_identifier,
                                                          const char *reason, cutover_error **error);

#define CUTOVER_ABANDON_OPTIONS_VERSION 1

/** What cutover_recover_abandon() is to do. */
typedef struct cutover_abandon_options {
    unsigned version;           /**< CUTOVER_ABANDON_OPTIONS_VERSION. */
    const cutover_actor *actor; /**< Required. Needs CUTOVER_ROLE_OPERATOR. */
    const char *job_id;         /**< Required. */
    const char *
        reason; /**< Required, 1 to 1000 characters, not blank: it goes into the audit trail and the job's record. */
    int32_t confirm; /**< Must be non-zero: yes, give it up. */
} cutover_abandon_options;

#define CUTOVER_ABANDON_OPTIONS_INIT                                                                           \
    {                                                                                                          \
        CUTOVER_ABANDON_OPTIONS_VERSION, NULL, NULL, NULL, 0                                                   \
    }

/** Same as CUTOVER_ABANDON_OPTIONS_INIT, for FFI. CUTOVER_E_UNSUPPORTED for an unknown version. Any thread. Since 0.1. */
CUTOVER_API cutover_status cutover_abandon_options_init(cutover_abandon_options *options, unsigned version);

/**
 * Gives up an unfinished job that recovery cannot settle: its server is gone or is another one, or somebody dropped, recreated or
 * restored production meanwhile. First it does what cutover_recover() does; where that settles the job, that is all. Else it undoes what
 * can be undone, on the server that the journal names by its system identifier, in databases of the OIDs that it names, and nowhere
 * else; writes down what cannot be reached (cutover_leftovers_list()); and ends the job and its request as `failed`, the project
 * `active`. A swap is not given up: one that was committed, as the server or the journal says, is completed. The audit entry
 * `job.abandoned` has the reason and all that is left. May be killed anywhere: called again, it goes on.
 *
 * @param emit Told once, on the calling thread, what became of the job: CUTOVER_RECOVERED_ABANDONED, or COMPLETED, UNDONE; _RUNNING
 *             with ask_again_s where it may live; _FAILED. May be NULL.
 * @return CUTOVER_OK when the job has ended; CUTOVER_E_INVALID (also without `confirm`); CUTOVER_E_FORBIDDEN; CUTOVER_E_NOT_FOUND
 *         (no such job); CUTOVER_E_STATE when it had ended already; CUTOVER_E_LOCKED when it lives, or nobody can tell yet;
 *         what kept it from being given up: CUTOVER_E_STORE, _POSTGRES, _CALLBACK, _CONFLICT (somebody took it over), _UNSUPPORTED,
 *         _NOMEM; or what emit returned. Any thread. Since 0.1.
 */
CUTOVER_API cutover_status cutover_recover_abandon(cutover_engine *engine,
                                                   const cutover_abandon_options *options,
                                                   cutover_recovery_emit emit, void *context,
                                                   cutover_error **error);

/** What an abandoned job left; pointers are valid during the emit call only. */
typedef struct cutover_leftover {
    unsigned version; /**< 1. */
    const char *id;
    const char *project_id;
    const char *job_id;
    const char *
        kind; /**< "database" (with its login), "fence", "door", "traffic" (poolers): recovery tries these again; "other": a
                           person must look. */
    const char *database;          /**< Its name; "" where it is about none. */
    uint32_t oid;                  /**< 0: not known. */
    const char *system_identifier; /**< Of its server; "" where not known. */
    const char *message;           /**< What it is, and why it is still there. */
    int64_t since;                 /**< Microseconds since 1970-01-01 UTC. */
} cutover_leftover;

/** Receives one; anything but CUTOVER_OK ends the listing and is returned. */
typedef cutover_status (*cutover_leftover_emit)(const cutover_leftover *leftover, void *context);

/**
 * Emits what abandoned jobs left, as of the last recovery, on the calling thread, oldest first. At most 100 are kept of a project:
 * where more come the oldest are dropped from the list, which the audit entry of that abandoning names as `forgotten`.
 * @param project_id Of this project; NULL: of all.
 * @return CUTOVER_OK, CUTOVER_E_INVALID, _NOT_FOUND (project), _STORE, _CALLBACK, _NOMEM, or what emit returned. Any thread. Since 0.1.
 */
CUTOVER_API cutover_status cutover_leftovers_list(cutover_engine *engine, const char *project_id,
                                                  cutover_leftover_emit emit, void *context,
                                                  cutover_error **error);

/**
 * Takes one off the list: somebody looked after it, or its server will not come back. Nothing is done to what it names. The audit
 * entry is `leftover.forgotten`.
 * @param actor  Needs CUTOVER_ROLE_OPERATOR.
 * @param reason 1 to 1000 characters, not blank.
 * @return CUTOVER_OK, CUTOVER_E_INVALID, _FORBIDDEN, _NOT_FOUND, _STORE, _NOMEM. Any thread. Since 0.1.
 */
CUTOVER_API cutover_status cutover_leftover_forget(cutover_engine *engine, const cutover_actor *actor,
                                                   const char *leftover_id, const char *reason,
                                                   cutover_error **error);

/** "completed", "undone", "running", "failed", "lost", "different", "stands", "abandoned" or "left"; static. Any thread. Since 0.1. */
CUTOVER_API const char *cutover_recovered_name(cutover_recovered outcome);

#ifdef __cplusplus
}
#endif
#endif
