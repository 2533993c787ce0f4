/**
 * The engine: the ports, the policy and the tools that everything else is called with.
 */
#ifndef CUTOVER_ENGINE_H
#define CUTOVER_ENGINE_H

#include <cutover/notifier.h>
#include <cutover/platform.h>
#include <cutover/repository.h>
#include <cutover/store.h>

#ifdef __cplusplus
extern "C" {
#endif

/** An engine. Threads may share it; several engines in one process do not know of each other. */
typedef struct cutover_engine cutover_engine;

/** Severity of a log line. */
typedef enum cutover_log_level {
    CUTOVER_LOG_DEBUG = 1,
    CUTOVER_LOG_INFO = 2,
    CUTOVER_LOG_WARNING = 3,
    CUTOVER_LOG_ERROR = 4
} cutover_log_level;

/** Receives one log line without newline and without secrets. Lines come one at a time and in order, each on a thread that is in the library,
    with no lock of it held: a line that another thread (or this function, by calling the library) has meanwhile waits until it returned. */
typedef void (*cutover_log_fn)(cutover_log_level level, const char *line, void *userdata);
/** Tells the time: microseconds since 1970-01-01 UTC; 0 or less is no answer, and the system's time is taken. Any thread. */
typedef int64_t (*cutover_clock_fn)(void *userdata);

#define CUTOVER_ENGINE_OPTIONS_VERSION 1

/** Policy bits of cutover_engine_options.policy. */
enum {
    CUTOVER_POLICY_ACK_BY_REQUESTER = 1, /**< Four eyes off: who requested may also ack. */
    CUTOVER_POLICY_VOLATILE_STORE = 2,   /**< Accept a store that is not CUTOVER_STORE_DURABLE. */
    /** What owners of databases wrote (functions, casts, constraints) may run with the rights of the role that the library connects as:
        only for a host that trusts all of them. Reports and the audit say so. Since 0.1. */
    CUTOVER_POLICY_TRUST_OWNERS = 4,
    /** A preview whose promotion is held is kept by platform.preview_extend, where the host has that, as often as it comes within
        preview_notice_s of its end, tried at most once a minute. Without, or where that does not help, preview.expiring tells
        of it. Since 0.1. */
    CUTOVER_POLICY_EXTEND_PREVIEW = 8
};

typedef struct cutover_engine_options {
    unsigned version; /**< CUTOVER_ENGINE_OPTIONS_VERSION. */
    uint32_t policy;  /**< CUTOVER_POLICY_* bits, CUTOVER_STRICT_ANSWERS; 0 is the careful default. */

    const cutover_store
        *store; /**< Required. The vtable is copied; what is behind it must outlive the engine. */
    const cutover_repository *repository; /**< Required. As store. */
    const cutover_platform *platform;     /**< Required. As store. */
    /** Where events go: `notifier_count` pointers; none: events stay in the outbox. Copied, names too; what is behind the
        vtables must outlive the engine. */
    const cutover_named_notifier *const *notifiers;
    size_t notifier_count; /**< 0 to 32, no name twice. */

    const char *pg_bin_dir; /**< Folder of pg_dump and pg_restore; NULL: searched in PATH. */
    const char *work_dir;   /**< Where private temporary folders are made; NULL: TMPDIR, else /tmp. */

    cutover_log_fn log;     /**< Optional. */
    void *log_userdata;     /**< Passed to log. */
    cutover_clock_fn clock; /**< Optional; NULL: the system's clock. */
    void *clock_userdata;   /**< Passed to clock. */

    uint32_t connect_timeout_s; /**< Seconds to wait for a connection; 0: 10. */
    uint32_t
        door_timeout_ms; /**< Milliseconds that production may stay closed while its sessions end; 0: 5000. */
    uint32_t maintenance_mem_mb; /**< MiB of maintenance_work_mem for each index build; 0: 256. */
    uint32_t
        preview_notice_s; /**< Seconds before its preview's end from which on a request that is open or acked, or whose
                                    promotion is held, fires preview.expiring; 0: 3600. */
} cutover_engine_options;

#define CUTOVER_ENGINE_OPTIONS_INIT                                                                            \
    {                                                                                                          \
        CUTOVER_ENGINE_OPTIONS_VERSION, 0, NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, NULL, NULL, NULL, 0,   \
            0, 0, 0                                                                                            \
    }

/** Same as CUTOVER_ENGINE_OPTIONS_INIT, for FFI. CUTOVER_E_UNSUPPORTED for an unknown version. Since 0.1. */
CUTOVER_API cutover_status cutover_engine_options_init(cutover_engine_options *options, unsigned version);

#define CUTOVER_FILTER_VERSION 1

/** Which records a list has, and in which order: cutover_requests_find(), cutover_backups_find(), cutover_jobs_find(). */
typedef struct cutover_filter {
    unsigned version;       /**< CUTOVER_FILTER_VERSION. */
    const char *project_id; /**< Of this project; NULL: of all. */
    /** In this status; NULL: in any. Also "live" for requests that are open, acked or in_progress, "running" for jobs that have not
        ended and "over" for those that have. */
    const char *status;
    const char *kind;     /**< Of jobs, what cutover_job_kind() tells; NULL: any. Of what has no kinds, NULL. */
    int32_t newest_first; /**< Non-zero: the youngest first. The store is then read from its beginning. */
    const char *after;    /**< Id of the last one of the page before; NULL or "" for the first page. */
    uint32_t limit;       /**< 1 to 1000. A page with fewer is the last. */
} cutover_filter;

#define CUTOVER_FILTER_INIT                                                                                    \
    {                                                                                                          \
        CUTOVER_FILTER_VERSION, NULL, NULL, NULL, 0, NULL, 100                                                 \
    }

/** Same as CUTOVER_FILTER_INIT, for FFI. CUTOVER_E_UNSUPPORTED for an unknown version. Since 0.1. */
CUTOVER_API cutover_status cutover_filter_init(cutover_filter *filter, unsigned version);

/**
 * Makes an engine. Touches no server.
 *
 * @param options Copied, strings included. Each port is checked: version and required members.
 * @param engine  Receives the engine; free it with cutover_engine_free().
 * @return CUTOVER_OK; CUTOVER_E_INVALID (names the member); CUTOVER_E_UNSUPPORTED (an unknown version, or a
 *         store that is not durable); CUTOVER_E_NOMEM. Any thread. Since 0.1.
 */
CUTOVER_API cutover_status cutover_engine_new(const cutover_engine_options *options, cutover_engine **engine,
                                              cutover_error **error);

/** Frees the engine; no handle of a running job may be left. The ports stay the caller's. Since 0.1. */
CUTOVER_API void cutover_engine_free(cutover_engine *engine);

/**
 * What others wrote (a note, a table's name, an error's message), as it may be shown on a terminal or in a list: control characters (C0,
 * C1, DEL), separators of lines and paragraphs, Unicode's bidirectional formatting (UAX #9) and bytes that are no UTF-8 become visible, as
 * \n, \t, \r, \u009b or \xff. Log lines are without them already; JSON is meant for programs and is as it was written.
 * @param text NULL is nothing, and gives NULL.
 * @return A string of the caller's, for cutover_string_free(); NULL also when memory ran out. Any thread. Since 0.1.
 */
CUTOVER_API char *cutover_text_visible(const char *text);

enum { CUTOVER_TIME_SIZE = 28 /**< Bytes of a time as text, with its NUL. */ };

/**
 * A time as all JSON of the library has it: RFC 3339, UTC, six decimals.
 * @param time Microseconds since 1970-01-01 UTC.
 * @param text Receives it: CUTOVER_TIME_SIZE bytes.
 * @return text. Any thread. Since 0.1.
 */
CUTOVER_API char *cutover_time_text(int64_t time, char *text);
/**
 * Reads a time: RFC 3339 with Z or an offset, up to six decimals, of the years 1970 to 9999.
 * @param time Receives microseconds since 1970-01-01 UTC.
 * @return CUTOVER_OK; CUTOVER_E_INVALID for anything else. Any thread. Since 0.1.
 */
CUTOVER_API cutover_status cutover_time_read(const char *text, int64_t *time, cutover_error **error);

/**
 * Whether a text is one JSON object or array as RFC 8259 has it: also where a parser takes more (NaN, numbers such as 1., control
 * characters in strings), and what it cannot keep (an integer of more than 64 bits).
 * @param text `size` bytes, any.
 * @return CUTOVER_OK; CUTOVER_E_INVALID, which says what is wrong and at which byte; CUTOVER_E_NOMEM. Any thread. Since 0.1.
 */
CUTOVER_API cutover_status cutover_json_check(const char *text, size_t size, cutover_error **error);

/** Frees a string that the library handed over as the caller's; NULL is nothing. Any thread. Since 0.1. */
CUTOVER_API void cutover_string_free(char *string);

#ifdef __cplusplus
}
#endif
#endif
