/**
 * The library as an HTTP interface, without a socket: method, path, query, headers, body and the authenticated actor in; status, headers
 * and body out. Any host's own HTTP server mounts it, at `/v1`; docs/embedding.md has the lines. What it answers is described by an
 * OpenAPI 3.1 document, cutover_api_openapi(), which it also serves as /v1/openapi.json.
 *
 * The host authenticates, and says who calls and whether they see one project only. The library authorises: what a caller may not see is
 * 404, what they may not do is 403. Refusals are answers (`application/problem+json`, RFC 9457), not failures of a function.
 *
 * Acts that begin a job answer 202 at once. The job is handed to the host, as a cutover_api_work, to be run on a thread of the host's.
 */
#ifndef CUTOVER_API_H
#define CUTOVER_API_H

#include <cutover/actor.h>
#include <cutover/engine.h>
#include <cutover/integration.h>
#include <cutover/platform.h>
#include <cutover/registry.h>
#include <cutover/store.h>
#include <cutover/webhook.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The interface. Threads may share it, for any number of calls at once. */
typedef struct cutover_api cutover_api;
/** An answer. Free it with cutover_api_response_free(). One thread at a time. */
typedef struct cutover_api_response cutover_api_response;
/** A stream of server-sent events. Free it with cutover_api_stream_free(), before the cutover_api. One thread at a time. */
typedef struct cutover_api_stream cutover_api_stream;
/** A job that was begun by an act and is to be run. Free it with cutover_api_work_free(), before the cutover_api. */
typedef struct cutover_api_work cutover_api_work;

/**
 * Takes a job that is to be run: the host owns `work` from then on, calls cutover_api_work_run() on a thread of its own when it likes, and
 * frees it. Called on the thread that called cutover_api_handle(), before the answer is given; it must not run the job itself.
 *
 * @return CUTOVER_OK: taken. Anything else: not now (the host ends, or its queue is full); the library frees `work`, nothing was begun, and
 *         the answer is 503 with Retry-After.
 */
typedef cutover_status (*cutover_api_run_fn)(cutover_api_work *work, void *userdata);

/** Emits the projects that there are, in order of their ids, each by `emit`; what emit returns other than CUTOVER_OK ends it and is
    returned. As a callback of a platform otherwise. */
typedef cutover_status (*cutover_api_projects_fn)(cutover_project_emit emit, void *context,
                                                  cutover_error **error, void *userdata);
/** Likewise the previews of a project. */
typedef cutover_status (*cutover_api_previews_fn)(const char *project_id, cutover_preview_emit emit,
                                                  void *context, cutover_error **error, void *userdata);

#define CUTOVER_API_OPTIONS_VERSION 1

/** What an API is made of. What is pointed to must outlive it; vtables are copied. */
typedef struct cutover_api_options {
    unsigned version;       /**< CUTOVER_API_OPTIONS_VERSION. */
    cutover_engine *engine; /**< Required. */
    const cutover_store
        *store; /**< Required: the engine's. Idempotency keys and jobs that wait are kept in it. */
    const cutover_platform *platform; /**< Required: the engine's. */
    /** The registry behind the platform, where there is one: lists of projects and previews, and extending a preview, written into the
        audit trail as the caller's. NULL: `projects`, `previews` and platform.preview_extend are asked. */
    cutover_registry *registry;
    cutover_api_projects_fn projects;   /**< Optional: for GET /v1/projects without a registry. */
    cutover_api_previews_fn previews;   /**< Optional: for GET /v1/projects/{id}/previews without a registry. */
    void *inventory_userdata;           /**< Passed to projects and previews. */
    cutover_webhooks *webhooks;         /**< Optional; without, its routes answer 501. */
    cutover_integrations *integrations; /**< Optional; without, its routes answer 501. */
    cutover_api_run_fn run;             /**< Optional; without, what begins a job answers 501. */
    void *run_userdata;                 /**< Passed to run. */
    cutover_clock_fn clock;             /**< Optional, as the engine's. */
    void *clock_userdata;               /**< Passed to clock. */
    uint32_t jobs;     /**< Worker threads of a job for which the caller does not say, 1 to 64; 0: 2. */
    uint32_t max_body; /**< Bytes of a body, 1024 to 1048576; 0: 65536. More is 413. */
} cutover_api_options;

#define CUTOVER_API_OPTIONS_INIT                                                                               \
    {                                                                                                          \
        CUTOVER_API_OPTIONS_VERSION, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,   \
            NULL, 0, 0                                                                                         \
    }

/** Same as CUTOVER_API_OPTIONS_INIT, for FFI. CUTOVER_E_UNSUPPORTED for an unknown version. Since 0.1. */
CUTOVER_API cutover_status cutover_api_options_init(cutover_api_options *options, unsigned version);

/**
 * Makes an API. Touches neither the store nor a server.
 *
 * @param options Copied.
 * @param api     Receives it; free it with cutover_api_free().
 * @return CUTOVER_OK; CUTOVER_E_INVALID (names the member); CUTOVER_E_UNSUPPORTED (an unknown version); CUTOVER_E_NOMEM. Any thread.
 *         Since 0.1.
 */
CUTOVER_API cutover_status cutover_api_new(const cutover_api_options *options, cutover_api **api,
                                           cutover_error **error);

/** Frees it; no answer, stream or work of it may be left. NULL is nothing. Since 0.1. */
CUTOVER_API void cutover_api_free(cutover_api *api);

/** A header of a request. Names are compared without regard to case. */
typedef struct cutover_api_header {
    const char *name;
    const char *value;
} cutover_api_header;

#define CUTOVER_API_REQUEST_VERSION 1

/** A request, as the host's server read it. Borrowed for the call. */
typedef struct cutover_api_request {
    unsigned version;   /**< CUTOVER_API_REQUEST_VERSION. */
    const char *method; /**< Required: "GET", "HEAD", "POST", "PATCH", "DELETE"; others are 405 or 501. */
    const char *
        path; /**< Required: as it stands in the request line, percent-encoded, up to the "?". At most 1024 bytes, or 414. */
    const char *
        query; /**< What stands after the "?", percent-encoded; NULL or "": nothing. At most 2048 bytes, or 414. */
    /** All headers of the request; at most 100, and 16384 bytes in all, or 431. Those that are looked at: Accept, Content-Type,
        Content-Encoding, Idempotency-Key, If-Match, If-None-Match, Last-Event-ID. */
    const cutover_api_header *headers;
    size_t header_count;
    const void *body; /**< The body, whole; NULL with a size of 0. Any bytes. */
    size_t body_size;
    const cutover_actor *
        actor; /**< Who calls, as the host authenticated them; NULL: nobody. Then everything but the OpenAPI document is 401. */
    /** The project that the caller is of, and sees: of others nothing, as if they were not there. NULL: of all, which takes
        CUTOVER_ROLE_OPERATOR or CUTOVER_ROLE_ORG_ADMIN; a mere member without a project sees none. */
    const char *project_id;
} cutover_api_request;

#define CUTOVER_API_REQUEST_INIT                                                                               \
    {                                                                                                          \
        CUTOVER_API_REQUEST_VERSION, NULL, NULL, NULL, NULL, 0, NULL, 0, NULL, NULL                            \
    }

/** Same as CUTOVER_API_REQUEST_INIT, for FFI. CUTOVER_E_UNSUPPORTED for an unknown version. Since 0.1. */
CUTOVER_API cutover_status cutover_api_request_init(cutover_api_request *request, unsigned version);

/**
 * Answers a request. May block for as long as the library's function behind the route does: most read the store; a preflight, a rollback's
 * beginning and the list of displaced databases ask production's server.
 *
 * @param response Receives the answer, also a refusal (4xx) or that something behind the library failed (5xx); free it with
 *                 cutover_api_response_free().
 * @return CUTOVER_OK: there is an answer. CUTOVER_E_INVALID, CUTOVER_E_UNSUPPORTED (the arguments), CUTOVER_E_NOMEM: there is none.
 *         Any thread. Since 0.1.
 */
CUTOVER_API cutover_status cutover_api_handle(cutover_api *api, const cutover_api_request *request,
                                              cutover_api_response **response, cutover_error **error);

/**
 * What is to be done now and then, each minute: signs of life of the jobs that wait for a thread of this process, so that others see that
 * they will come; those of processes that are gone are told as such; keys that are a day old are forgotten.
 *
 * @return CUTOVER_OK; CUTOVER_E_INVALID; CUTOVER_E_STORE; CUTOVER_E_NOMEM. Any thread. Since 0.1.
 */
CUTOVER_API cutover_status cutover_api_tend(cutover_api *api, cutover_error **error);

/** The OpenAPI 3.1 document, as JSON; static. Any thread. Since 0.1. */
CUTOVER_API const char *cutover_api_openapi(void);

/**
 * Makes an answer of the host's own in the form of this interface's, for what the host refuses before it calls.
 *
 * @param status An HTTP status, 400 to 599.
 * @param cause  Its code, message, detail and hint are told; may be NULL.
 * @return CUTOVER_OK; CUTOVER_E_INVALID; CUTOVER_E_NOMEM. Any thread. Since 0.1.
 */
CUTOVER_API cutover_status cutover_api_problem(uint32_t status, const cutover_error *cause,
                                               cutover_api_response **response, cutover_error **error);

/* ---- an answer; what getters give belongs to it ---- */

/** The HTTP status, 200 to 599; 0 for NULL. Since 0.1. */
CUTOVER_API uint32_t cutover_api_response_status(const cutover_api_response *response);
/** How many headers it has. Content-Length is not among them: a server makes that of the body's size. 0 for NULL. Since 0.1. */
CUTOVER_API size_t cutover_api_response_header_count(const cutover_api_response *response);
/** The name of a header (0 to count - 1); NULL outside. Since 0.1. */
CUTOVER_API const char *cutover_api_response_header_name(const cutover_api_response *response, size_t index);
/** Its value, printable ASCII; NULL outside. Since 0.1. */
CUTOVER_API const char *cutover_api_response_header_value(const cutover_api_response *response, size_t index);
/** The body, NUL-terminated; "" where there is none, and NULL for NULL. Of HEAD it is what GET answers: a server sends its length, and not
    the body, as most do by themselves. Since 0.1. */
CUTOVER_API const char *cutover_api_response_body(const cutover_api_response *response);
/** Bytes of the body, without the NUL. 0 for NULL. Since 0.1. */
CUTOVER_API size_t cutover_api_response_body_size(const cutover_api_response *response);
/** The route that answered, "/v1/jobs/{job_id}" for example, for logs and counters; "" where none did. Static; NULL for NULL. Since 0.1. */
CUTOVER_API const char *cutover_api_response_route(const cutover_api_response *response);
/** The stream of an answer whose body is one: the caller's from now on, and NULL when asked again. NULL where the body is all there is.
    Since 0.1. */
CUTOVER_API cutover_api_stream *cutover_api_response_take_stream(cutover_api_response *response);
/** Frees an answer, and its stream where nobody took that; NULL is nothing. Since 0.1. */
CUTOVER_API void cutover_api_response_free(cutover_api_response *response);

/* ---- a stream ---- */

/**
 * Gives the next events of a stream, as they are to be sent, or says how long to wait. It reads the store, whoever runs the job, and never
 * waits itself.
 *
 * @param text    Receives whole events, or a comment that keeps the connection open; "" when there is nothing now; NULL when the stream has
 *                ended, and the connection is to be closed: after the event `end`, or five minutes after it was opened, so that who
 *                may see the job is asked again when the client comes back with Last-Event-ID. Belongs to the stream until the next call.
 * @param wait_ms Receives milliseconds after which to call again: 0 when text is not "", else 1 to 15000.
 * @return CUTOVER_OK; CUTOVER_E_INVALID; CUTOVER_E_STORE, _CALLBACK: end it, the client comes again and goes on where it was;
 *         CUTOVER_E_NOMEM. Since 0.1.
 */
CUTOVER_API cutover_status cutover_api_stream_next(cutover_api_stream *stream, const char **text,
                                                   uint32_t *wait_ms, cutover_error **error);
/** Frees a stream; NULL is nothing. Since 0.1. */
CUTOVER_API void cutover_api_stream_free(cutover_api_stream *stream);

/* ---- a job to run ---- */

/**
 * Runs the job, in the calling thread; returns when it has ended. Once.
 *
 * @return What cutover_promotion_run(), cutover_restore_run(), cutover_rollback_run() or cutover_backup_create() returned. Since 0.1.
 */
CUTOVER_API cutover_status cutover_api_work_run(cutover_api_work *work, cutover_error **error);
/** Asks it to stop, as cutover_promotion_cancel(); one that was not run yet ends at once when it is. Any thread. Since 0.1. */
CUTOVER_API void cutover_api_work_cancel(cutover_api_work *work);
/** The job's id; NULL for NULL. Any thread. Since 0.1. */
CUTOVER_API const char *cutover_api_work_job_id(const cutover_api_work *work);
/** "promotion", "rollback", "restore", "backup" or "verification"; static; NULL for NULL. Any thread. Since 0.1. */
CUTOVER_API const char *cutover_api_work_kind(const cutover_api_work *work);
/** The project that it is of; NULL for NULL. Any thread. Since 0.1. */
CUTOVER_API const char *cutover_api_work_project_id(const cutover_api_work *work);
/** Frees one that is not running. One that was never run is told as cancelled before it began. NULL is nothing. Since 0.1. */
CUTOVER_API void cutover_api_work_free(cutover_api_work *work);

#ifdef __cplusplus
}
#endif
#endif
