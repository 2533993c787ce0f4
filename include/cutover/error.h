/**
 * Status codes and the error object: what went wrong, where, and what to do about it.
 */
#ifndef CUTOVER_ERROR_H
#define CUTOVER_ERROR_H

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__) || defined(__clang__)
#define CUTOVER_API __attribute__((visibility("default")))
#else
#define CUTOVER_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/** What a function answers. 0 is success; each negative value names an expected failure. */
typedef enum cutover_status {
    CUTOVER_OK = 0,
    CUTOVER_E_INVALID = -1, /**< An argument is out of its bounds; the message names the field and the bound. */
    CUTOVER_E_NOT_FOUND = -2,   /**< No record, project, preview, object or file of that name. */
    CUTOVER_E_CONFLICT = -3,    /**< Somebody else changed or claimed it first; read again. */
    CUTOVER_E_STATE = -4,       /**< The record's state does not allow this. */
    CUTOVER_E_FORBIDDEN = -5,   /**< The actor lacks the role, or four eyes are needed. */
    CUTOVER_E_LOCKED = -6,      /**< Another promotion or restore runs on that project. */
    CUTOVER_E_EXPIRED = -7,     /**< The preview is expired, or would be at the agreed time. */
    CUTOVER_E_PREFLIGHT = -8,   /**< Preflight found something that blocks; the detail lists all of it. */
    CUTOVER_E_VERIFY = -9,      /**< A check said different or could not tell; see cutover_error_verdict(). */
    CUTOVER_E_CANCELLED = -10,  /**< Cancelled, as asked. */
    CUTOVER_E_STORE = -11,      /**< The store failed. */
    CUTOVER_E_REPOSITORY = -12, /**< The repository failed. */
    CUTOVER_E_POSTGRES =
        -13,               /**< A PostgreSQL server or one of its tools failed; see cutover_error_sqlstate(). */
    CUTOVER_E_IO = -14,    /**< A local file or process operation failed. */
    CUTOVER_E_NOMEM = -15, /**< Memory is exhausted. */
    CUTOVER_E_UNSUPPORTED = -16, /**< Not possible with these versions, options or this build. */
    CUTOVER_E_CALLBACK = -17,    /**< A host's callback failed. */
    CUTOVER_E_INTERNAL = -18     /**< The library broke an assumption of its own: please report it. */
} cutover_status;

/** Bits that mean the same wherever there are such bits. */
enum {
    /**
     * For hosts in a language whose runtime makes a result up where an exception ended a callback, mostly 0, as Python's ctypes and
     * cffi do: 0 is CUTOVER_OK, and an event that nobody took would count as delivered. With this bit it does not count what a callback
     * returns, but what it said by cutover_answer(), which it calls last; one that did not is a failure, CUTOVER_E_CALLBACK. In
     * `capabilities` of a store, repository, platform or notifier this is about the callbacks in that struct; in
     * cutover_engine_options.policy it is about cutover_progress_fn: one that did not answer cancels the job.
     */
    CUTOVER_STRICT_ANSWERS = 0x40000000
};

/** What a check found out. Only EQUAL passes. */
typedef enum cutover_verdict {
    CUTOVER_VERDICT_NONE = 0,      /**< No check was made. */
    CUTOVER_VERDICT_EQUAL = 1,     /**< Compared, and equal. */
    CUTOVER_VERDICT_DIFFERENT = 2, /**< Compared, and different. */
    CUTOVER_VERDICT_UNKNOWN = 3    /**< Could not be compared. */
} cutover_verdict;

/**
 * What a callback answers, for CUTOVER_STRICT_ANSWERS: `return lib.cutover_answer(CUTOVER_OK)` is the last thing that it does, on the
 * thread that it was called on. Without that bit it does no harm.
 * @param status As the callback would return it; of a cutover_progress_fn 0 to go on, anything else to cancel.
 * @return status. Since 0.1.
 */
CUTOVER_API cutover_status cutover_answer(cutover_status status);

/**
 * What a callback of a port answered that somebody else than the library's own functions calls, as those understand it:
 * `cutover_answer_begin(), status = cutover_answer_of(store.capabilities, store.get(…))`.
 * @param capabilities Of the port's struct.
 * @param returned     What the callback returned.
 * @return returned; with CUTOVER_STRICT_ANSWERS what it said by cutover_answer() on this thread since cutover_answer_begin(), and
 *         CUTOVER_E_CALLBACK where it said nothing. Since 0.1.
 */
CUTOVER_API cutover_status cutover_answer_of(uint32_t capabilities, cutover_status returned);
/** Right before such a call: nothing was said on this thread. Since 0.1. */
CUTOVER_API void cutover_answer_begin(void);

/** One failure. Owned by whoever received it; immutable, so that any thread may read it. */
typedef struct cutover_error cutover_error;

/** The status that the function returned; CUTOVER_OK for NULL. Since 0.1. */
CUTOVER_API cutover_status cutover_error_code(const cutover_error *error);
/** One line that a person can act on; "" for NULL. Never holds a password. Since 0.1. */
CUTOVER_API const char *cutover_error_message(const cutover_error *error);
/** More lines about it, or NULL. Since 0.1. */
CUTOVER_API const char *cutover_error_detail(const cutover_error *error);
/** What to do about it, or NULL. Since 0.1. */
CUTOVER_API const char *cutover_error_hint(const cutover_error *error);
/** The five-character SQLSTATE of the server's error, or NULL where no server reported one. Since 0.1. */
CUTOVER_API const char *cutover_error_sqlstate(const cutover_error *error);
/** The step of the pipeline in which it happened ("backup", "swap", …), or NULL. Since 0.1. */
CUTOVER_API const char *cutover_error_step(const cutover_error *error);
/** The verdict behind CUTOVER_E_VERIFY: CUTOVER_VERDICT_DIFFERENT or _UNKNOWN; else _NONE. Since 0.1. */
CUTOVER_API cutover_verdict cutover_error_verdict(const cutover_error *error);
/** Frees an error; NULL is nothing. Since 0.1. */
CUTOVER_API void cutover_error_free(cutover_error *error);

/**
 * Makes an error; for hosts that implement a port.
 *
 * @param code    A negative cutover_status.
 * @param message One line, required. No secrets.
 * @param detail  More about it, or NULL.
 * @param hint    What to do about it, or NULL.
 * @return        The error, owned by the caller (a callback hands it over through its `error` parameter),
 *                or NULL when memory is exhausted. Any thread. Since 0.1.
 */
CUTOVER_API cutover_error *cutover_error_new(cutover_status code, const char *message, const char *detail,
                                             const char *hint);

/** The name of a status, "CUTOVER_E_STATE" for example; static; "CUTOVER_E_?" for an unknown one. Since 0.1. */
CUTOVER_API const char *cutover_status_name(cutover_status status);
/** "none", "equal", "different" or "could not tell"; static. Since 0.1. */
CUTOVER_API const char *cutover_verdict_name(cutover_verdict verdict);

#ifdef __cplusplus
}
#endif
#endif
