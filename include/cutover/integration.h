/**
 * Integrations: the sites of a project's customers that are told its connection strings. After a completed cutover, a restore
 * over production or a rollback, and by hand, the variables of a Vercel project or a Netlify site are written again and read back.
 *
 * What is written is what the host says: the connection strings that the project's own applications use. The library never
 * derives them from cutover_project.database, which carries an operator's rights.
 *
 * An integration is one project's with one provider. That it is due is a document of the store, so that any process carries it
 * out: cutover_integrations_deliver() does, with the pauses of webhooks between attempts. A failing integration fails nothing
 * else: no cutover knows of it.
 */
#ifndef CUTOVER_INTEGRATION_H
#define CUTOVER_INTEGRATION_H

#include <cutover/actor.h>
#include <cutover/engine.h>
#include <cutover/notifier.h>
#include <cutover/store.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The integrations of a store. Threads may share it. */
typedef struct cutover_integrations cutover_integrations;
/** A snapshot of one integration's record, without its secrets. Free it. */
typedef struct cutover_integration cutover_integration;

/** Whose secrets are asked for; the struct is the library's, and pointers are valid during the call only. */
typedef struct cutover_integration_ref {
    unsigned version; /**< 1. */
    const char
        *id; /**< The integration's, a UUIDv7: another one after it was disconnected and connected again. */
    const char *project_id; /**< The project's. */
    const char *provider;   /**< "vercel" or "netlify". */
    const char *account_id; /**< As it was connected; NULL: none. */
    const char *site_id;    /**< As it was connected. */
} cutover_integration_ref;

#define CUTOVER_INTEGRATION_SECRETS_VERSION 1

/** What a sync needs to know and nobody else may. The struct and its strings are the host's, and are read while `give` runs. */
typedef struct cutover_integration_secrets {
    unsigned version;  /**< CUTOVER_INTEGRATION_SECRETS_VERSION. */
    const char *token; /**< The provider's access token: printable ASCII without spaces. */
    const char
        *pooled_url; /**< Value of the variable `pooled_name`: as cutover_integration_options.pooled_url. */
    const char *unpooled_url; /**< Value of the variable `unpooled_name`, likewise. */
} cutover_integration_secrets;

#define CUTOVER_INTEGRATION_SECRETS_INIT                                                                       \
    {                                                                                                          \
        CUTOVER_INTEGRATION_SECRETS_VERSION, NULL, NULL, NULL                                                  \
    }

/**
 * Same as CUTOVER_INTEGRATION_SECRETS_INIT, for FFI.
 * @return CUTOVER_OK; CUTOVER_E_INVALID for NULL; CUTOVER_E_UNSUPPORTED for an unknown version. Any thread. Since 0.1.
 */
CUTOVER_API cutover_status cutover_integration_secrets_init(cutover_integration_secrets *secrets,
                                                            unsigned version);

/** Takes a copy of what it is given, which the library wipes after the sync. Anything but CUTOVER_OK is returned as it is. */
typedef cutover_status (*cutover_integration_give)(const cutover_integration_secrets *secrets, void *context);

/**
 * Tells the secrets of an integration: calls `give` once with `context`, and returns what that returned; or sets *error (if error is
 * not NULL) with cutover_error_new(), no secret in it, and returns its code: then the sync failed, and is tried again.
 * What it leaves NULL is taken from the folder, where there is one. Called once for each attempt, on threads that
 * cutover_integrations_deliver() uses, several at once, with no lock of the library held. It does not call these integrations.
 */
typedef cutover_status (*cutover_integration_secrets_fn)(const cutover_integration_ref *integration,
                                                         cutover_integration_give give, void *context,
                                                         cutover_error **error, void *userdata);

/** Bits of cutover_integrations_options.flags, beside CUTOVER_STRICT_ANSWERS, which is about `secrets`. */
enum {
    /** The providers' addresses may be private, link-local or loopback ones, and plain http: for a proxy of one's own, and tests. */
    CUTOVER_INTEGRATIONS_ALLOW_PRIVATE = 1
};

#define CUTOVER_INTEGRATIONS_OPTIONS_VERSION 1

typedef struct cutover_integrations_options {
    unsigned version; /**< CUTOVER_INTEGRATIONS_OPTIONS_VERSION. */
    uint32_t flags;   /**< CUTOVER_INTEGRATIONS_* bits, CUTOVER_STRICT_ANSWERS. */

    const cutover_store *store; /**< Required. Copied; what is behind it must outlive the integrations. */
    /** Where the library keeps the secrets that cutover_integration_connect() is given: each in a file of its own, 0600, in this
        folder, which it makes (0700) when it is not there. Every process that delivers needs it. A file that others may read or
        that is another user's is not read. NULL: there is none, and `secrets` is required. */
    const char *folder;
    cutover_integration_secrets_fn secrets; /**< Optional where there is a folder; asked first. */
    void *secrets_userdata;                 /**< Passed to secrets. */

    const char *vercel_url; /**< Where Vercel's API is; NULL: "https://api.vercel.com". */
    const char *
        netlify_url; /**< Where Netlify's API is, its base path included; NULL: "https://api.netlify.com/api/v1". */
    const char *ca_file;    /**< Certificate authorities, PEM; NULL: the system's. */
    const char *user_agent; /**< At most 200 bytes of printable ASCII; NULL: "libcutover/VERSION". */
    uint32_t
        timeout_ms; /**< For one call, all of it: 100 to 60000 milliseconds; 0: 30000. One sync takes ten times that at most. */
    uint32_t
        parallel; /**< Integrations that one cutover_integrations_deliver() is at side by side: 1 to 64; 0: 8. */

    cutover_log_fn log;     /**< Optional. */
    void *log_userdata;     /**< Passed to log. */
    cutover_clock_fn clock; /**< Optional; NULL: the system's clock. */
    void *clock_userdata;   /**< Passed to clock. */
} cutover_integrations_options;

#define CUTOVER_INTEGRATIONS_OPTIONS_INIT                                                                      \
    {                                                                                                          \
        CUTOVER_INTEGRATIONS_OPTIONS_VERSION, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, 0, NULL,   \
            NULL, NULL, NULL                                                                                   \
    }

/** Same as CUTOVER_INTEGRATIONS_OPTIONS_INIT, for FFI. CUTOVER_E_UNSUPPORTED for an unknown version. Any thread. Since 0.1. */
CUTOVER_API cutover_status cutover_integrations_options_init(cutover_integrations_options *options,
                                                             unsigned version);

/**
 * Opens the integrations of a store. Touches no network.
 * @param options      Copied, strings included.
 * @param integrations Receives them; free with cutover_integrations_free().
 * @return CUTOVER_OK; CUTOVER_E_INVALID (names the member); CUTOVER_E_UNSUPPORTED: a version that is not known, or a build without
 *         libcurl; CUTOVER_E_IO (the folder), CUTOVER_E_NOMEM. Any thread. Since 0.1.
 */
CUTOVER_API cutover_status cutover_integrations_new(const cutover_integrations_options *options,
                                                    cutover_integrations **integrations, cutover_error **error);

/** Frees them; no call may be running, and no engine may be left that has their notifier. Since 0.1. */
CUTOVER_API void cutover_integrations_free(cutover_integrations *integrations);

/**
 * Fills a notifier for the engine's list, to be named "integration" there. It calls no provider: an event that says that
 * production has another content (production_overwrite_restore, which cutovers and restores over production fire, and
 * cutover.rolled_back) makes the project's
 * integrations due, each in one commit, once however often the event is offered; all other events it takes and forgets.
 * @param notifier Initialised (CUTOVER_NOTIFIER_INIT); receives as much of the vtable as its version has. Close it with
 *                 cutover_notifier_close(); valid as long as the integrations.
 * @return CUTOVER_OK, CUTOVER_E_INVALID, CUTOVER_E_UNSUPPORTED. Any thread. Since 0.1.
 */
CUTOVER_API cutover_status cutover_integrations_notifier(cutover_integrations *integrations,
                                                         cutover_notifier *notifier, cutover_error **error);

#define CUTOVER_INTEGRATION_RUN_VERSION 1

/** What one cutover_integrations_deliver() did. */
typedef struct cutover_integration_run {
    unsigned version; /**< CUTOVER_INTEGRATION_RUN_VERSION; set it before the call. */
    uint32_t synced;  /**< Written, and read back as far as the provider lets one. */
    uint32_t failed;  /**< Failed now; tried again after a pause. */
    uint32_t
        given_up;     /**< Failed now for the last time: until the next event, or cutover_integration_sync(). */
    uint32_t waiting; /**< Not tried: they wait for their time, or another process is at them. */
    int64_t
        next_due; /**< When the earliest of those comes due, by the clock: microseconds since 1970-01-01 UTC; 0: none waits. */
} cutover_integration_run;

#define CUTOVER_INTEGRATION_RUN_INIT                                                                           \
    {                                                                                                          \
        CUTOVER_INTEGRATION_RUN_VERSION, 0, 0, 0, 0, 0                                                         \
    }

/** Same as CUTOVER_INTEGRATION_RUN_INIT, for FFI. CUTOVER_E_UNSUPPORTED for an unknown version. Any thread. Since 0.1. */
CUTOVER_API cutover_status cutover_integration_run_init(cutover_integration_run *run, unsigned version);

/**
 * Carries out every sync that is due, several integrations side by side, and returns when all of them have ended. A sync that
 * fails is tried again after 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h and 24 h, each up to a tenth later at random; where the
 * provider names a later time (Retry-After, or its rate limit's end) not before that, at most a day later. Then it is given up. What became of it
 * is in the record, and in the audit trail: integration.synced, or integration.sync_failed for each attempt that failed, with no secret in either.
 *
 * Each sync is claimed by compare-and-set: of two processes one makes an attempt. Where a process dies in the middle, the sync is due
 * again when its claim has run out (ten times timeout_ms, and a minute): what a sync writes may be written twice.
 *
 * @param project_id Of this project; NULL: of all.
 * @param run        Initialised; receives the counts as far as its version has them, untouched on failure. Or NULL.
 * @return CUTOVER_OK (failed syncs are counts, not failures); CUTOVER_E_INVALID, _UNSUPPORTED, _STORE, _NOMEM. Any thread; several may
 *         call at once. Since 0.1.
 */
CUTOVER_API cutover_status cutover_integrations_deliver(cutover_integrations *integrations,
                                                        const char *project_id, cutover_integration_run *run,
                                                        cutover_error **error);

/** For a host that ends: cutover_integrations_deliver(), the one that runs and every later one, begins nothing more and returns within a
    second. What it is in the middle of is given up, and due again at once, elsewhere. Any thread, and signal handlers; NULL is nothing.
    Since 0.1. */
CUTOVER_API void cutover_integrations_stop(cutover_integrations *integrations);

/** Bits of cutover_integration_options.flags. */
enum {
    /** Nothing is written before the next event or cutover_integration_sync(); without it the first sync is due at once. */
    CUTOVER_INTEGRATION_LATER = 1,
    /** The variables become such as only the site's own code can read: Vercel's type `sensitive`, Netlify's `is_secret`. What cannot
        be read back then is told as `unreadable`, not as confirmed. */
    CUTOVER_INTEGRATION_SECRET = 2
};

enum {
    CUTOVER_INTEGRATION_TARGETS_MAX = 16,   /**< Targets of one integration. */
    CUTOVER_INTEGRATION_URL_MAX = 4096,     /**< Bytes of a connection string. */
    CUTOVER_INTEGRATION_TOKEN_MAX = 1024,   /**< Bytes of a token. */
    CUTOVER_INTEGRATION_VARIABLE_MAX = 128, /**< Bytes of a variable's name. */
    CUTOVER_INTEGRATION_NAME_MAX = 200      /**< Bytes of a site's or account's id, and of a target. */
};

#define CUTOVER_INTEGRATION_OPTIONS_VERSION 1

typedef struct cutover_integration_options {
    unsigned version; /**< CUTOVER_INTEGRATION_OPTIONS_VERSION. */
    uint32_t flags;   /**< CUTOVER_INTEGRATION_* bits. */

    const cutover_actor *actor; /**< Required: needs CUTOVER_ROLE_OPERATOR or CUTOVER_ROLE_ORG_ADMIN. */
    const char *project_id;     /**< Required; that it exists is the host's to know. */
    const char *provider;       /**< Required: "vercel" or "netlify". */
    const char *site_id;        /**< Required. Vercel: id or name of the project; Netlify: id of the site. */
    const char *
        account_id; /**< Vercel: id of the team, NULL for a personal account; Netlify: required, id or slug of the team. */
    const char *
        pooled_name; /**< Variable for the connection string through a pooler; NULL: "DATABASE_URL"; "": none is written. */
    const char *
        unpooled_name; /**< Variable for the direct one; NULL: "DATABASE_URL_UNPOOLED"; "": none. One of the two is written. */
    /** Vercel: "production", "preview", "development". Netlify's contexts: "production", "deploy-preview", "branch-deploy", "dev",
        "dev-server", "all" (alone), "branch:NAME". None: "production". */
    const char *const *targets;
    size_t target_count; /**< 0 to CUTOVER_INTEGRATION_TARGETS_MAX. */

    /** Secrets, which the library keeps in its folder and nowhere else; NULL: it has one already, or the host's callback tells it. */
    const char *token; /**< The provider's access token: printable ASCII without spaces. */
    /** "postgres://…" or "postgresql://…", with a host. A connection string of `keyword=value` pairs is refused, and so is one that
        names something of its own machine (passfile, service, sslkey, …): no site of a customer's could use it. */
    const char *pooled_url;
    const char *unpooled_url; /**< Likewise. Where it is NULL and `pooled_url` is not, that is it. */
} cutover_integration_options;

#define CUTOVER_INTEGRATION_OPTIONS_INIT                                                                       \
    {                                                                                                          \
        CUTOVER_INTEGRATION_OPTIONS_VERSION, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, \
            NULL                                                                                               \
    }

/** Same as CUTOVER_INTEGRATION_OPTIONS_INIT, for FFI. CUTOVER_E_UNSUPPORTED for an unknown version. Any thread. Since 0.1. */
CUTOVER_API cutover_status cutover_integration_options_init(cutover_integration_options *options,
                                                            unsigned version);

/**
 * Connects a project to a provider, or changes how it is connected: then what is given replaces what was there, but a secret that is
 * NULL stays. Reaches nobody: what the provider thinks of it is told by the first sync. The audit entry is integration.connected.
 * @param integration Receives the integration as it is now, or NULL when not wanted.
 * @return CUTOVER_OK; CUTOVER_E_INVALID (names the member and its bound); CUTOVER_E_FORBIDDEN; CUTOVER_E_STATE: a secret is neither given
 *         nor in the folder, and there is no callback, or it is given and there is no folder; CUTOVER_E_UNSUPPORTED, _IO, _STORE,
 *         _NOMEM. Any thread. Since 0.1.
 */
CUTOVER_API cutover_status cutover_integration_connect(cutover_integrations *integrations,
                                                       const cutover_integration_options *options,
                                                       cutover_integration **integration,
                                                       cutover_error **error);

/**
 * Forgets an integration and removes its secrets. The variables stay with the provider. A sync that another process is in the
 * middle of still ends. The audit entry is integration.disconnected.
 * @param actor    Needs CUTOVER_ROLE_OPERATOR or CUTOVER_ROLE_ORG_ADMIN.
 * @param provider "vercel" or "netlify".
 * @return CUTOVER_OK; CUTOVER_E_INVALID, _FORBIDDEN; CUTOVER_E_NOT_FOUND: it is not connected; CUTOVER_E_IO: it is forgotten, but a
 *         file with a secret could not be removed (the message names it); CUTOVER_E_STORE, _NOMEM. Any thread. Since 0.1.
 */
CUTOVER_API cutover_status cutover_integration_disconnect(cutover_integrations *integrations,
                                                          const cutover_actor *actor, const char *project_id,
                                                          const char *provider, cutover_error **error);

/**
 * Makes a sync due now, with all its attempts before it; cutover_integrations_deliver() carries it out. Where another process is in the
 * middle of one, it comes after that. The audit entry is integration.sync_requested.
 * @param actor       Needs CUTOVER_ROLE_OPERATOR or CUTOVER_ROLE_ORG_ADMIN.
 * @param integration Receives the integration as it is now, or NULL when not wanted.
 * @return CUTOVER_OK; CUTOVER_E_INVALID, _FORBIDDEN, _NOT_FOUND, _STORE, _NOMEM. Any thread. Since 0.1.
 */
CUTOVER_API cutover_status cutover_integration_sync(cutover_integrations *integrations,
                                                    const cutover_actor *actor, const char *project_id,
                                                    const char *provider, cutover_integration **integration,
                                                    cutover_error **error);

/**
 * Reads an integration. Who may read is the host's to say.
 * @return CUTOVER_OK; CUTOVER_E_INVALID; CUTOVER_E_NOT_FOUND: it is not connected; CUTOVER_E_STORE, _NOMEM. Any
 *         thread. Since 0.1.
 */
CUTOVER_API cutover_status cutover_integration_get(cutover_integrations *integrations, const char *project_id,
                                                   const char *provider, cutover_integration **integration,
                                                   cutover_error **error);

/** Receives an integration, which is valid during the call; anything but CUTOVER_OK ends the listing and is returned. It may call
    the library. */
typedef cutover_status (*cutover_integration_emit)(const cutover_integration *integration, void *context);

/**
 * Emits the integrations in order of project and provider, on the calling thread.
 * @param project_id Of this project; NULL: of all.
 * @return CUTOVER_OK, CUTOVER_E_INVALID, _STORE, _NOMEM, or what emit returned. Any thread. Since 0.1.
 */
CUTOVER_API cutover_status cutover_integrations_list(cutover_integrations *integrations, const char *project_id,
                                                     cutover_integration_emit emit, void *context,
                                                     cutover_error **error);

/* ---- what an integration tells, as it was when it was read; strings belong to it; any thread may ask, one at a time ---- */

/** The integration's id. NULL for NULL. Since 0.1. */
CUTOVER_API const char *cutover_integration_id(const cutover_integration *integration);
/** The project's id. NULL for NULL. Since 0.1. */
CUTOVER_API const char *cutover_integration_project_id(const cutover_integration *integration);
/** "vercel" or "netlify"; static. NULL for NULL. Since 0.1. */
CUTOVER_API const char *cutover_integration_provider(const cutover_integration *integration);
/** "idle" (nothing was asked for yet), "pending" (due, or waiting for its next attempt), "synced" or "failed" (given up); static. NULL
    for NULL. Since 0.1. */
CUTOVER_API const char *cutover_integration_status(const cutover_integration *integration);
/** When the last sync succeeded: microseconds since 1970-01-01 UTC; 0: none did. Since 0.1. */
CUTOVER_API int64_t cutover_integration_synced_at(const cutover_integration *integration);
/** When the next attempt is due, likewise; 0: none is. Since 0.1. */
CUTOVER_API int64_t cutover_integration_next_attempt_at(const cutover_integration *integration);
/** What the last attempt failed for, one line; NULL where it did not. Since 0.1. */
CUTOVER_API const char *cutover_integration_last_error(const cutover_integration *integration);
/** The whole record as a JSON object, without secrets: docs/json.md has its members, among them what became of each variable and
    target, and the last attempts with their time and answer. NULL for NULL. Since 0.1. */
CUTOVER_API const char *cutover_integration_json(const cutover_integration *integration);
/** The version of the record in the store when it was read: it counts the writes, and is 0 for NULL. Since 0.1. */
CUTOVER_API uint64_t cutover_integration_version(const cutover_integration *integration);
/** Frees an integration that this header's functions gave; NULL is nothing. Since 0.1. */
CUTOVER_API void cutover_integration_free(cutover_integration *integration);

#ifdef __cplusplus
}
#endif
#endif
